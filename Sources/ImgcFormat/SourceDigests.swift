import FileIO
import Foundation

/// The SHA-256 of the files that a model is read from, taken from the bytes on their way into an
/// artifact, so that no file is read twice.
///
/// A file's bytes are taken in from front to back. What a model's tensors do not cover (headers,
/// alignment), or cover out of order, is read here.
public final class SourceDigests {
  /// A file and how far its digest has come.
  private final class Entry {
    let file: InputFile
    var digest = StreamDigest()
    var position: UInt64 = 0

    init(_ file: InputFile) { self.file = file }
  }

  private var entries: [FileIdentity: Entry] = [:]
  private var order: [String: FileIdentity] = [:]
  private static let blockSize: UInt64 = 1 << 20

  /// Opens the files at `paths`, before anything else of them is read.
  ///
  /// - Throws: `FileIOError`.
  public init(paths: [String]) throws {
    for path in paths {
      let file = try InputFile(path: path)
      if entries[file.identity] == nil { entries[file.identity] = Entry(file) }
      order[path] = file.identity
    }
  }

  /// Takes `bytes`, which stand at `offset` of `file`, into the file's digest and into `digest`.
  func update(
    _ digest: inout StreamDigest, _ bytes: UnsafeRawBufferPointer, at offset: UInt64,
    of file: InputFile
  ) throws(FileIOError) {
    guard let entry = entries[file.identity], entry.position <= offset else {
      digest.update(bytes)
      return
    }
    try read(entry, to: offset)
    StreamDigest.update(&digest, bytes, &entry.digest, bytes)
    entry.position += UInt64(bytes.count)
  }

  /// The digest of the whole file at `path`, and its size.
  ///
  /// - Throws: `FileIOError`, also where the file changed since it was opened.
  public func finish(path: String) throws -> (sha256: String, byteCount: UInt64) {
    guard let identity = order[path], let entry = entries[identity] else {
      throw FileIOError.changedWhileRead(path: path)
    }
    try read(entry, to: entry.file.size)
    try entry.file.checkUnchanged()
    guard try InputFile(path: path).identity == identity else {
      throw FileIOError.changedWhileRead(path: path)
    }
    return (entry.digest.hexadecimal, entry.file.size)
  }

  private func read(_ entry: Entry, to end: UInt64) throws(FileIOError) {
    guard entry.position < end else { return }
    var block = [UInt8](repeating: 0, count: Int(min(Self.blockSize, end - entry.position)))
    while entry.position < end {
      let count = Int(min(UInt64(block.count), end - entry.position))
      var span = block.mutableSpan
      try span.withUnsafeMutableBytes { buffer throws(FileIOError) in
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try entry.file.read(into: part, at: entry.position)
        entry.digest.update(UnsafeRawBufferPointer(part))
      }
      entry.position += UInt64(count)
    }
  }
}
