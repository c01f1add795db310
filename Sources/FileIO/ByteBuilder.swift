/// Bytes put together from little-endian numbers.
public struct ByteBuilder: Sendable {
  /// What was appended so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty builder.
  public init() {}

  /// Appends `value`, lowest byte first.
  public mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends `content` as it is.
  public mutating func append(contentsOf content: some Sequence<UInt8>) {
    bytes.append(contentsOf: content)
  }
}
