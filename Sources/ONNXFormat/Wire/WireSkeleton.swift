/// A message with the big payloads cut out, in a form that libprotobuf-c unpacks.
struct WireSkeleton {
  /// The bytes, known to be well formed, with known fields only.
  var bytes: [UInt8] = []
  /// What stood in the tensors' data fields, by the numbers that the skeleton gives them.
  var records: [TensorRecord] = []
  /// How often each field that the schema lacks occurred, by message and field number.
  var unknownFields: [UnknownField: Int] = [:]
  /// The file that was scanned.
  let path: String

  /// A field that the schema lacks.
  struct UnknownField: Hashable, Comparable {
    let message: String
    let number: UInt32

    static func < (left: Self, right: Self) -> Bool {
      (left.message, left.number) < (right.message, right.number)
    }
  }

  init(path: String) { self.path = path }
}

extension WireSkeleton {
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func appendTag(_ number: UInt32, wireType: Int) {
    appendVarint(UInt64(number) << 3 | UInt64(wireType))
  }

  /// Leaves room for a length that is known later and gives back its place.
  mutating func reserveLength() -> Int {
    bytes.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0x00])
    return bytes.count - 5
  }

  /// Sets the length reserved at `place` to the bytes appended since.
  mutating func closeLength(at place: Int) {
    var length = UInt64(bytes.count - place - 5)
    for index in 0..<5 {
      bytes[place + index] = UInt8(length & 0x7F) | (index < 4 ? 0x80 : 0)
      length >>= 7
    }
  }

  mutating func count(unknown number: UInt32, of message: String) {
    let field = UnknownField(message: message, number: number)
    guard unknownFields.count < 100 || unknownFields[field] != nil else { return }
    unknownFields[field, default: 0] += 1
  }
}
