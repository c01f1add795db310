import FileIO
import Glibc

/// The files beside a model that hold its tensors' elements.
///
/// A location is resolved beneath the model's folder and nowhere else. Every file is opened once.
final class ExternalData {
  /// One tensor's bytes in a file.
  private struct Range {
    let offset: UInt64
    let end: UInt64
    let place: ONNXPlace
  }

  private let model: InputFile
  private let options: ONNXOptions
  private var opened: [String: InputFile] = [:]
  private var ranges: [FileIdentity: [Range]] = [:]
  private var digests: [FileIdentity: String] = [:]
  /// The files opened, in the order of their first use.
  private(set) var files: [InputFile] = []

  /// The external data of `model`.
  init(model: InputFile, options: ONNXOptions) {
    self.model = model
    self.options = options
  }

  /// Finds the bytes that `entries` describe, of which there must be `byteCount`.
  func resolve(
    _ entries: [(key: String, value: String)], byteCount: Int, _ place: ONNXPlace
  ) throws(ONNXError) -> (file: InputFile, offset: UInt64) {
    let entry = try ExternalEntry(entries, place)
    let file = try open(entry.location, place.field("external_data.location"))
    let (end, overflow) = entry.offset.addingReportingOverflow(
      entry.length ?? UInt64(byteCount))
    guard entry.offset <= file.size, !overflow, end <= file.size else {
      throw .externalRange(
        place, offset: entry.offset, byteCount: entry.length ?? UInt64(byteCount),
        fileSize: file.size)
    }
    if let length = entry.length, length != UInt64(byteCount) {
      throw .externalLength(
        place.field("external_data.length"), expected: byteCount, found: length)
    }
    if let checksum = entry.checksum {
      try verify(file, checksum, place.field("external_data.checksum"))
    }
    ranges[file.identity, default: []].append(
      Range(offset: entry.offset, end: end, place: place))
    return (file, entry.offset)
  }

  /// Checks that no two tensors' ranges overlap, unless the options allow it.
  func checkOverlaps() throws(ONNXError) {
    guard !options.allowsOverlap else { return }
    for (_, ranges) in ranges {
      let sorted = ranges.filter { $0.offset < $0.end }.sorted {
        ($0.offset, $0.place.offset ?? 0) < ($1.offset, $1.place.offset ?? 0)
      }
      for (one, next) in zip(sorted, sorted.dropFirst()) where next.offset < one.end {
        throw .overlappingRanges(next.place, other: one.place.subject ?? "another tensor")
      }
    }
  }
}

extension ExternalData {
  private func open(_ location: String, _ place: ONNXPlace) throws(ONNXError) -> InputFile {
    if let file = opened[location] { return file }
    let components = try ExternalEntry.components(of: location, place)
    let folder = BeneathFolder(path: model.path.parentFolder)
    let file: InputFile
    do throws(BeneathFolder.Failure) {
      do throws(BeneathFolder.Failure) {
        file = try folder.open(components)
      } catch {
        guard case .symbolicLink = error, let dataRoot = options.dataRoot else { throw error }
        file = try BeneathFolder(path: dataRoot).open(following: folder.path + "/" + location)
      }
    } catch {
      switch error {
      case .symbolicLink(let path): throw .symbolicLink(place, found: path)
      case .file(let error): throw .externalFile(place, error)
      }
    }
    guard file.identity != model.identity else {
      throw .locationIsModel(place, found: location)
    }
    try checkLinks(file, location, place)
    opened[location] = file
    if !files.contains(where: { $0.identity == file.identity }) { files.append(file) }
    return file
  }

  private func checkLinks(
    _ file: InputFile, _ location: String, _ place: ONNXPlace
  ) throws(ONNXError) {
    guard !options.allowsHardLinks, file.linkCount > 1 else { return }
    throw .hardLink(place, found: location)
  }

  private func verify(
    _ file: InputFile, _ checksum: String, _ place: ONNXPlace
  ) throws(ONNXError) {
    let digest: String
    if let known = digests[file.identity] {
      digest = known
    } else {
      do throws(FileIOError) {
        digest = try SHA1Digest.hexadecimal(of: file)
      } catch {
        throw .externalFile(place, error)
      }
      digests[file.identity] = digest
    }
    guard checksum.lowercased() == digest else {
      throw .checksum(place, expected: checksum, found: digest)
    }
  }
}
