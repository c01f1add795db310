/// Mutates protobuf messages so that they stay well formed: one field at some depth is changed, and
/// the lengths around it are written anew.
enum ProtobufMutation {
  static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func mutate(_ bytes: inout FuzzInput, _ capacity: Int, _ seed: UInt32) {
    var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    let room = max(1, capacity - bytes.count + 1)
    if let changed = changed(bytes, room, depth: 0, &random), changed.count <= capacity {
      bytes = changed
    } else {
      bytes.mutate(limit: capacity)
    }
  }

  private static func next(_ random: inout UInt64, _ bound: Int) -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random % UInt64(max(1, bound)))
  }

  /// `message` with one field changed, doubled, dropped or swapped; nil where it is no message.
  private static func changed(
    _ message: [UInt8], _ room: Int, depth: Int, _ random: inout UInt64
  ) -> [UInt8]? {
    guard var fields = fields(of: message), !fields.isEmpty else { return nil }
    let index = next(&random, fields.count)
    switch next(&random, 12) {
    case 0: fields.insert(fields[index], at: next(&random, fields.count + 1))
    case 1: fields.remove(at: index)
    case 2: fields.swapAt(index, next(&random, fields.count))
    default: fields[index].change(room, depth: depth, &random)
    }
    return fields.flatMap(\.bytes)
  }

  private struct Field {
    var key: UInt64
    var content: [UInt8]

    var bytes: [UInt8] {
      ProtobufMutation.varint(key)
        + (key & 7 == 2 ? ProtobufMutation.varint(UInt64(content.count)) : []) + content
    }

    mutating func change(_ room: Int, depth: Int, _ random: inout UInt64) {
      switch key & 7 {
      case 0:
        let values: [UInt64] = [0, 1, 2, 7, 16, 127, 128, 65_535, 1 << 31, 1 << 62, 1 << 63, .max]
        content = ProtobufMutation.varint(
          values[ProtobufMutation.next(&random, values.count)])
      case 2:
        if depth < 12, ProtobufMutation.next(&random, 4) > 0,
          let inner = ProtobufMutation.changed(content, room, depth: depth + 1, &random)
        {
          content = inner
        } else {
          content.mutate(limit: content.count + room)
        }
      default: content.mutate(limit: content.count)
      }
    }
  }

  private static func fields(of message: [UInt8]) -> [Field]? {
    var fields: [Field] = []
    var position = 0
    func number() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard position < message.count else { return nil }
        let byte = message[position]
        position += 1
        value |= UInt64(byte & 0x7F) << UInt64(shift)
        if byte < 0x80 { return value }
      }
      return nil
    }
    while position < message.count {
      guard let key = number(), key >> 3 > 0 else { return nil }
      let begin = position
      switch key & 7 {
      case 0:
        guard number() != nil else { return nil }
        fields.append(Field(key: key, content: Array(message[begin..<position])))
      case 1, 5:
        let end = position + (key & 7 == 1 ? 8 : 4)
        guard end <= message.count else { return nil }
        fields.append(Field(key: key, content: Array(message[position..<end])))
        position = end
      case 2:
        guard let size = number(), size <= UInt64(message.count - position) else { return nil }
        let end = position + Int(size)
        fields.append(Field(key: key, content: Array(message[position..<end])))
        position = end
      default: return nil
      }
    }
    return fields
  }
}
