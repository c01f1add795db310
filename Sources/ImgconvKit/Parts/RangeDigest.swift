import Crypto
import FileIO

/// The SHA-256 of bytes as they come.
struct RangeDigest {
  private var hash = SHA256()

  /// Takes in `bytes`.
  mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// The digest of what was taken in, in lower-case hexadecimal.
  var hexadecimal: String { FileDigest.hexadecimal(hash.finalize()) }
}

extension InputFile {
  /// Hands the bytes of `range` to `body`, 4 MiB at a time.
  ///
  /// - Throws: `FileIOError`, or what `body` throws.
  func forEachBlock(
    in range: Range<UInt64>, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var block = [UInt8](repeating: 0, count: Int(min(4 << 20, range.upperBound - range.lowerBound)))
    var position = range.lowerBound
    while position < range.upperBound {
      let count = Int(min(UInt64(block.count), range.upperBound - position))
      try block.withUnsafeMutableBytes { buffer in
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try read(into: part, at: position)
        try body(UnsafeRawBufferPointer(part))
      }
      position += UInt64(count)
    }
  }
}
