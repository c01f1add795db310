/// Protobuf fields put together by hand, well formed or not.
struct WireBuilder {
  private(set) var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func tag(_ number: UInt64, _ wireType: UInt64) -> [UInt8] {
    varint(number << 3 | wireType)
  }

  /// Appends bytes as they are.
  func raw(_ bytes: [UInt8]) -> WireBuilder {
    var next = self
    next.bytes += bytes
    return next
  }

  func varint(_ number: UInt64, _ value: Int64) -> WireBuilder {
    raw(Self.tag(number, 0) + Self.varint(UInt64(bitPattern: value)))
  }

  func bytes(_ number: UInt64, _ content: [UInt8]) -> WireBuilder {
    raw(Self.tag(number, 2) + Self.varint(UInt64(content.count)) + content)
  }

  func text(_ number: UInt64, _ text: String) -> WireBuilder { bytes(number, Array(text.utf8)) }

  func message(_ number: UInt64, _ message: WireBuilder) -> WireBuilder {
    bytes(number, message.bytes)
  }

  func messages(_ number: UInt64, _ messages: [WireBuilder]) -> WireBuilder {
    messages.reduce(self) { $0.message(number, $1) }
  }

  func float(_ number: UInt64, _ value: Float) -> WireBuilder {
    raw(Self.tag(number, 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  func packedVarints(_ number: UInt64, _ values: [Int64]) -> WireBuilder {
    bytes(number, values.flatMap { Self.varint(UInt64(bitPattern: $0)) })
  }

  func packedFloats(_ number: UInt64, _ values: [Float]) -> WireBuilder {
    bytes(number, values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } })
  }
}
