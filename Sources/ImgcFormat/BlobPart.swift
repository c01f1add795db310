/// A chunk of an item on its way into the file.
final class BlobPart {
  /// The item's number.
  let item: Int
  /// Where the part begins in the item.
  let offset: Int
  /// How many plain bytes it has.
  let byteCount: Int
  /// The blob that the part belongs to; nil where the item's bytes are in the file already.
  var blob: Int?
  /// Reads the bytes of the blob's base at the same place.
  var readBase: ((UnsafeMutableRawBufferPointer) throws -> Void)?
  /// The share of all bytes done with this part.
  var share = 0.0

  init(item: Int, offset: Int, byteCount: Int) {
    self.item = item
    self.offset = offset
    self.byteCount = byteCount
  }
}
