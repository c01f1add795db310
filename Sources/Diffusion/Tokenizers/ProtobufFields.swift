/// The fields of one Protocol Buffers message, in the order they are written.
///
/// Reads the wire format alone: a varint key of field number and wire type, then a varint, four or
/// eight little-endian bytes, or a length and that many bytes. Groups are refused.
struct ProtobufFields {
  /// A field's content.
  enum Content {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// The fields of the message that `bytes` hold.
  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Whether a field is left.
  var hasMore: Bool { position < bytes.endIndex }

  /// How many bytes of the message are behind.
  var offset: Int { position - bytes.startIndex }

  /// The next field; nil where the bytes are none.
  mutating func next() -> (number: UInt64, content: Content)? {
    guard let key = varint() else { return nil }
    switch key & 7 {
    case 0: return varint().map { (key >> 3, .varint($0)) }
    case 1: return little(8).map { (key >> 3, .fixed64($0)) }
    case 2:
      guard let count = varint(), count <= UInt64(bytes.endIndex - position) else { return nil }
      let start = position
      position += Int(count)
      return (key >> 3, .bytes(bytes[start..<position]))
    case 5: return little(4).map { (key >> 3, .fixed32(UInt32(truncatingIfNeeded: $0))) }
    default: return nil
    }
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard position < bytes.endIndex else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  private mutating func little(_ count: Int) -> UInt64? {
    guard bytes.endIndex - position >= count else { return nil }
    defer { position += count }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
  }
}
