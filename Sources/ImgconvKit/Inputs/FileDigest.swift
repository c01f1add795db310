import Crypto
import FileIO
import Foundation

/// SHA-256 of files.
enum FileDigest {
  private static let blockSize = 1 << 20

  /// The digest of the whole file, in lower-case hexadecimal.
  static func sha256(_ file: InputFile) throws -> String {
    var hash = SHA256()
    var offset: UInt64 = 0
    var block = [UInt8](repeating: 0, count: blockSize)
    while offset < file.size {
      let count = Int(min(UInt64(blockSize), file.size - offset))
      try block.withUnsafeMutableBytes { buffer in
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try file.read(into: part, at: offset)
        hash.update(bufferPointer: UnsafeRawBufferPointer(part))
      }
      offset += UInt64(count)
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
