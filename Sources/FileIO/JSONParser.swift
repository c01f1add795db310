/// Reads JSON strictly (RFC 8259): UTF-8 without a byte order mark, no duplicate names, no lone
/// surrogates, limits on depth, number of values and length of strings.
///
/// Takes time in proportion to the text. Nesting is followed by recursion up to `maximumDepth`.
public struct JSONParser: Sendable {
  /// How deeply arrays and objects may nest.
  public var maximumDepth = 128
  /// How many values a document may hold.
  public var maximumValues = 20_000_000
  /// How many members one object may have.
  public var maximumMembers = 10_000_000
  /// How many bytes a string may hold.
  public var maximumString = 64 << 20
  /// Whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python's `json` writes them.
  public var allowsNonFinite = false
  /// Whether white space may follow the document.
  public var allowsTrailingSpace = true

  /// A parser with the default limits.
  public init() {}

  /// The document that `bytes` hold.
  public func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var cursor = JSONCursor(bytes: bytes, limits: self)
    return try cursor.document()
  }
}

/// A position in the text being parsed.
private struct JSONCursor {
  let bytes: [UInt8]
  let limits: JSONParser
  var position = 0
  var valueCount = 0

  init(bytes: [UInt8], limits: JSONParser) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw error(.byteOrderMark) }
    skipSpace()
    let value = try value(depth: 0)
    if limits.allowsTrailingSpace { skipSpace() }
    guard position == bytes.count else { throw error(.trailingBytes) }
    return value
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func error(_ rule: JSONError.Rule, at offset: Int? = nil) -> JSONError {
    JSONError(offset: offset ?? position, rule: rule)
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard let byte = current else {
      return error(.syntax(expected: expected, found: "the end of the text"))
    }
    let found =
      (0x21...0x7E).contains(byte)
      ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    return error(.syntax(expected: expected, found: found))
  }

  private mutating func skipSpace() {
    while let byte = current, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    valueCount += 1
    guard valueCount <= limits.maximumValues else {
      throw error(.tooManyValues(limit: limits.maximumValues))
    }
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for byte in text.utf8 {
      guard current == byte else { throw unexpected("a value") }
      position += 1
    }
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= limits.maximumDepth else { throw error(.tooDeep(limit: limits.maximumDepth)) }
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      skipSpace()
      elements.append(try value(depth: depth))
      skipSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(elements)
      default: throw unexpected("',' or ']'")
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= limits.maximumDepth else { throw error(.tooDeep(limit: limits.maximumDepth)) }
    position += 1
    var members: [JSONMember] = []
    var names = NameSet()
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let start = position
      guard current == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
      let name = try string()
      guard names.insert(name) else { throw error(.duplicateName(name), at: start) }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw unexpected("':'") }
      position += 1
      skipSpace()
      guard members.count < limits.maximumMembers else {
        throw error(.tooManyMembers(limit: limits.maximumMembers), at: start)
      }
      members.append(JSONMember(name, try value(depth: depth)))
      skipSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(members)
      default: throw unexpected("',' or '}'")
      }
    }
  }
}

extension JSONCursor {
  private mutating func number() throws(JSONError) -> JSONNumber {
    let start = position
    if limits.allowsNonFinite, let word = nonFiniteWord() {
      position += word.utf8.count
      return JSONNumber(text: word)
    }
    if current == UInt8(ascii: "-") { position += 1 }
    guard let first = current, (48...57).contains(first) else { throw unexpected("a value") }
    position += 1
    if first != 48 { skipDigits() }
    if current == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private func nonFiniteWord() -> String? {
    ["NaN", "Infinity", "-Infinity"].first { bytes[position...].starts(with: $0.utf8) }
  }

  private mutating func skipDigits() {
    while let byte = current, (48...57).contains(byte) { position += 1 }
  }

  private mutating func digits() throws(JSONError) {
    guard let byte = current, (48...57).contains(byte) else { throw unexpected("a digit") }
    skipDigits()
  }

  private mutating func string() throws(JSONError) -> String {
    let start = position
    position += 1
    let first = position
    while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      position += 1
    }
    guard position - first <= limits.maximumString else {
      throw error(.stringTooLong(limit: limits.maximumString), at: start)
    }
    if current == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(bytes[first..<position], at: first)
    }
    return try escapedString(prefix: first..<position, start: start)
  }

  private mutating func escapedString(
    prefix: Range<Int>, start: Int
  ) throws(JSONError) -> String {
    var content = Array(bytes[prefix])
    while true {
      guard let byte = current else { throw unexpected("'\"'") }
      guard byte >= 0x20 else { throw unexpected("a character of a string") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try text(content[...], at: start + 1)
      case UInt8(ascii: "\\"): content += try escape()
      default: content.append(byte)
      }
      guard content.count <= limits.maximumString else {
        throw error(.stringTooLong(limit: limits.maximumString), at: start)
      }
    }
  }

  private func text(_ content: ArraySlice<UInt8>, at offset: Int) throws(JSONError) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw error(.notUTF8, at: offset)
    }
    return text
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = current else { throw unexpected("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default:
      position -= 1
      throw unexpected("an escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
    let start = position - 2
    let unit = try fourDigits()
    guard (0xD800...0xDFFF).contains(unit) else { return Self.utf8(unit) }
    guard unit < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw error(.loneSurrogate, at: start) }
    position += 2
    let low = try fourDigits()
    guard (0xDC00...0xDFFF).contains(low) else { throw error(.loneSurrogate, at: start) }
    return Self.utf8(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw unexpected("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private static func utf8(_ value: UInt32) -> [UInt8] {
    guard let scalar = UnicodeScalar(value) else { return [] }
    return Array(String(Character(scalar)).utf8)
  }
}

/// The names of one object: a list while they are few, a set once they are many.
private struct NameSet {
  private var few: [String] = []
  private var many: Set<ByteString>?

  mutating func insert(_ name: String) -> Bool {
    if many != nil { return many?.insert(ByteString(name)).inserted ?? false }
    if few.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return false }
    few.append(name)
    if few.count > 16 { many = Set(few.map(ByteString.init)) }
    return true
  }
}
