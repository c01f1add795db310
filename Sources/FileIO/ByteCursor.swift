/// A position that moves through bytes, reading little-endian numbers with bounds checks.
///
/// Nothing here traps: a read past the end gives nil, and the caller names what was missing.
public struct ByteCursor: Sendable {
  /// The bytes read from.
  public let bytes: [UInt8]
  /// The index of the next byte.
  public private(set) var position: Int

  /// Starts at the byte `position` of `bytes`.
  public init(_ bytes: [UInt8], position: Int = 0) {
    precondition(bytes.indices.contains(position) || position == bytes.count)
    self.bytes = bytes
    self.position = position
  }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - position }

  /// The next little-endian integer; nil where fewer bytes are left than it takes.
  public mutating func next<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
    let width = MemoryLayout<Value>.size
    guard remaining >= width else { return nil }
    let value = bytes.withUnsafeBytes {
      $0.loadUnaligned(fromByteOffset: position, as: Value.self)
    }
    position += width
    return Value(littleEndian: value)
  }

  /// The next `count` bytes; nil where fewer are left.
  public mutating func next(count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, remaining >= count else { return nil }
    defer { position += count }
    return bytes[position..<(position + count)]
  }
}
