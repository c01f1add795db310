/// A protobuf message that is written in pieces: small ones as bytes, tensors' elements as
/// references to the weights, which are streamed.
struct MessagePlan {
  /// A part of the message.
  enum Piece {
    case bytes([UInt8])
    /// All bytes of the weight with this number.
    case weight(Int)
  }

  /// The parts in order.
  private(set) var pieces: [Piece] = []
  /// How many bytes the message takes.
  private(set) var byteCount = 0
}

extension MessagePlan {
  mutating func varint(_ number: UInt32, _ value: Int64) {
    append(Self.tag(number, 0) + Self.varint(UInt64(bitPattern: value)))
  }

  mutating func float(_ number: UInt32, _ value: Float) {
    append(Self.tag(number, 5) + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init))
  }

  mutating func bytes(_ number: UInt32, _ content: some Collection<UInt8>) {
    append(Self.tag(number, 2) + Self.varint(UInt64(content.count)) + content)
  }

  mutating func text(_ number: UInt32, _ text: String) { bytes(number, Array(text.utf8)) }

  /// A text field that is left out where the text is empty.
  mutating func optionalText(_ number: UInt32, _ value: String) {
    if !value.isEmpty { text(number, value) }
  }

  mutating func message(_ number: UInt32, _ message: MessagePlan) {
    append(Self.tag(number, 2) + Self.varint(UInt64(message.byteCount)))
    for piece in message.pieces {
      if case .bytes(let bytes) = piece { append(bytes) } else { pieces.append(piece) }
    }
    byteCount += message.byteCount - message.heldByteCount
  }

  /// A bytes field whose content is that of a weight.
  mutating func weight(_ number: UInt32, index: Int, byteCount: Int) {
    append(Self.tag(number, 2) + Self.varint(UInt64(byteCount)))
    pieces.append(.weight(index))
    self.byteCount += byteCount
  }

  /// The bytes in `pieces`, weights left out.
  private var heldByteCount: Int {
    pieces.reduce(0) { total, piece in
      if case .bytes(let bytes) = piece { total + bytes.count } else { total }
    }
  }

  private mutating func append(_ bytes: [UInt8]) {
    byteCount += bytes.count
    if case .bytes(var last)? = pieces.last, last.count < 1 << 16 {
      pieces.removeLast()
      last += bytes
      pieces.append(.bytes(last))
    } else {
      pieces.append(.bytes(bytes))
    }
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func tag(_ number: UInt32, _ wireType: UInt64) -> [UInt8] {
    varint(UInt64(number) << 3 | wireType)
  }
}
