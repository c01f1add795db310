import FileIO

/// SHA-256 of files.
enum FileDigest {
  /// The digest of the whole file, in lower-case hexadecimal.
  static func sha256(_ file: InputFile) throws -> String {
    var digest = RangeDigest()
    try file.forEachBlock(in: 0..<file.size) { digest.update($0) }
    return digest.hexadecimal
  }

  /// Bytes as lower-case hexadecimal digits.
  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
