import FileIO

extension ONNXError {
  var tensorText: String? {
    switch self {
    case .undefinedType(let place): "\(place): expected an element type, found 0 (undefined)"
    case .unknownType(let place, let found):
      "\(place): expected an element type in 1...28, found \(found)"
    case .negativeDimension(let place, let found):
      "\(place): expected no negative extent, found \(found)"
    case .sizeOverflow(let place, let dimensions):
      "\(place): expected a size within 64 bits, found extents \(dimensions)"
    case .rankTooLarge(let place, let limit, let found):
      "\(place): limit: expected at most \(limit) axes, found \(found)"
    case .dataByteCount(let place, let expected, let found):
      "\(place): expected \(expected) bytes, found \(found)"
    case .rawNotWholeElements(let place, let width, let found):
      "\(place): expected a multiple of \(width) bytes, found \(found)"
    case .dataCount(let place, let expected, let found):
      "\(place): expected \(expected) numbers, found \(found)"
    case .severalDataFields(let place, let found):
      "\(place): expected one data field, found \(found.joined(separator: ", "))"
    case .wrongDataField(let place, let expected, let found):
      "\(place): expected the elements in \(expected), found \(found)"
    case .dataWithoutElements(let place):
      "\(place): expected no data in a tensor without elements, found some"
    case .segmented(let place): "\(place): expected a whole tensor, found a segment"
    case .elementOutOfRange(let place, let index, let expected, let found):
      "\(place): element \(index): expected \(expected), found \(found)"
    case .tensorTooLarge(let place, let limit, let found):
      "\(place): limit: expected at most \(limit) bytes, found \(found)"
    case .sparseShape(let place, let expected, let found):
      "\(place): expected \(expected), found \(found)"
    case .sparseUnsorted(let place, let index):
      "\(place): index \(index): expected ascending indices, found a smaller or equal one"
    case .sparseOutOfRange(let place, let index, let found):
      "\(place): index \(index): expected an index within the extents, found \(found)"
    default: nil
    }
  }

  var externalText: String? {
    switch self {
    case .unknownDataLocation(let place, let found):
      "\(place): expected 0 (model) or 1 (external), found \(found)"
    case .inlineAndExternal(let place):
      "\(place): expected the elements in one place, found them in the model and outside"
    case .unusedExternalData(let place):
      "\(place): expected no entries with the data in the model, found some"
    case .externalStrings(let place): "\(place): expected strings in the model, found them outside"
    case .externalKey(let place, let found):
      "\(place): expected location, offset, length or checksum, "
        + "found \(found.escapedForDisplay(limit: 100))"
    case .repeatedExternalKey(let place, let found):
      "\(place): expected the key once, found \(found.escapedForDisplay(limit: 100)) again"
    case .missingLocation(let place): "\(place): expected a location, found none"
    case .locationEscapes(let place, let found):
      "\(place): expected a plain relative path beneath the model's folder, "
        + "found \(found.escapedForDisplay(limit: 300))"
    case .memoryAddress(let place, let found):
      "\(place): expected a file, found \(found.escapedForDisplay(limit: 300)), "
        + "a runtime's marker for weights in its memory"
    case .locationIsModel(let place, let found):
      "\(place): expected another file, found the model itself, "
        + found.escapedForDisplay(limit: 300)
    case .symbolicLink(let place, let found):
      "\(place): expected no symbolic link, found \(found.escapedForDisplay(limit: 300)); "
        + "give --data-root FOLDER to allow links that stay beneath it"
    case .hardLink(let place, let found):
      "\(place): expected a file with one name, found \(found.escapedForDisplay(limit: 300)) "
        + "with several; give --allow-hard-links to accept it"
    case .externalNumber(let place, let found):
      "\(place): expected a decimal number, not negative, "
        + "found \(found.escapedForDisplay(limit: 100))"
    case .externalRange(let place, let offset, let byteCount, let fileSize):
      "\(place): expected a range within the file's \(fileSize) bytes, "
        + "found \(byteCount) bytes at \(offset)"
    case .externalLength(let place, let expected, let found):
      "\(place): expected \(expected) bytes, found \(found)"
    case .checksum(let place, let expected, let found):
      "\(place): expected SHA-1 \(expected.escapedForDisplay(limit: 100)), found \(found)"
    case .overlappingRanges(let place, let other):
      "\(place): expected a range of its own, found one that overlaps that of "
        + "\(other.escapedForDisplay(limit: 300)); give --allow-overlap to accept it"
    default: nil
    }
  }
}
