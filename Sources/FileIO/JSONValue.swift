/// A JSON document (RFC 8259), with numbers kept as they were written and objects in their order.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// A name and its value in an object.
public struct JSONMember: Hashable, Sendable {
  /// The name, escapes resolved.
  public let name: String
  /// The value.
  public let value: JSONValue

  /// A member.
  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

/// A number as it was written, so that `1`, `1.0`, `1e0` and `-0` can be told apart.
public struct JSONNumber: Hashable, Sendable {
  /// The text: an optional minus, digits, perhaps a fraction and an exponent.
  public let text: String

  /// A number of that text, which must be one by JSON's grammar.
  public init(text: String) { self.text = text }

  /// Whether it has neither fraction nor exponent, and is not `-0`.
  public var isPlainInteger: Bool {
    text != "-0" && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) }
  }

  /// The value of a plain integer that fits.
  public func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
    isPlainInteger ? Value(text) : nil
  }

  /// The nearest double.
  public var double: Double { Double(text) ?? .nan }
}

extension JSONValue {
  /// The value of an object's member; nil where there is none of that name or this is no object.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  /// The members of an object.
  public var members: [JSONMember]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements of an array.
  public var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// A text.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// A truth value.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A plain integer (no fraction, no exponent) that fits an `Int`.
  public var int: Int? {
    if case .number(let number) = self { number.integer() } else { nil }
  }

  /// Any number, as the nearest double.
  public var double: Double? {
    if case .number(let number) = self { number.double } else { nil }
  }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The kind of value in words, for messages.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): "the number \(number.text.prefix(40))"
    case .string(let text): "the string \"\(text.escapedForDisplay(limit: 60))\""
    case .array(let elements): "an array of \(elements.count)"
    case .object(let members): "an object of \(members.count)"
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral text: String) { self = .string(text) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    self = .object(members.map { JSONMember($0, $1) })
  }

  /// An integer.
  public static func integer(_ value: some FixedWidthInteger) -> JSONValue {
    .number(JSONNumber(text: "\(value)"))
  }

  /// A list of integers.
  public static func integers(_ values: [some FixedWidthInteger]) -> JSONValue {
    .array(values.map { integer($0) })
  }

  /// A finite double, written with the fewest digits that read back the same.
  public static func real(_ value: Double) -> JSONValue {
    precondition(value.isFinite)
    return .number(JSONNumber(text: "\(value)"))
  }
}
