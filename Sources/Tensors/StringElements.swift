/// The byte form of string tensors: each element's length in bytes as a little-endian `UInt32`,
/// then its UTF-8 text.
public enum StringElements {
  /// The bytes of `strings`.
  public static func encode(_ strings: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for text in strings {
      withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: text.utf8)
    }
    return bytes
  }

  /// The strings of `bytes`.
  ///
  /// - Throws: `TensorError.byteCountMismatch` where a length runs past the end.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(TensorError) -> [String] {
    var strings: [String] = []
    var position = 0
    while position < bytes.count {
      guard bytes.count - position >= 4 else {
        throw .byteCountMismatch(expected: position + 4, found: bytes.count)
      }
      let stored = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
      let length = Int(UInt32(littleEndian: stored))
      position += 4
      guard bytes.count - position >= length else {
        throw .byteCountMismatch(expected: position + length, found: bytes.count)
      }
      strings.append(String(decoding: bytes[position..<(position + length)], as: UTF8.self))
      position += length
    }
    return strings
  }
}
