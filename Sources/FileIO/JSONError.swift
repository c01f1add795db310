/// A place where a text breaks JSON's grammar or one of the parser's limits.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The rule broken.
  public enum Rule: Hashable, Sendable {
    /// Something else was expected.
    case syntax(expected: String, found: String)
    /// The bytes are not UTF-8.
    case notUTF8
    /// The text begins with a byte order mark.
    case byteOrderMark
    /// A `\u` escape is half of a surrogate pair.
    case loneSurrogate
    /// A name stands twice in one object, compared by UTF-8 bytes after escapes are resolved.
    case duplicateName(String)
    /// Arrays and objects nest more deeply than the limit.
    case tooDeep(limit: Int)
    /// There are more values than the limit.
    case tooManyValues(limit: Int)
    /// An object has more members than the limit.
    case tooManyMembers(limit: Int)
    /// A string is longer than the limit.
    case stringTooLong(limit: Int)
    /// Something follows the document.
    case trailingBytes
  }

  /// Where, in bytes from the start of the text.
  public let offset: Int
  /// What is wrong.
  public let rule: Rule

  /// A broken rule at a place.
  public init(offset: Int, rule: Rule) {
    self.offset = offset
    self.rule = rule
  }

  /// Whether a limit was exceeded, as against the grammar broken.
  public var isLimit: Bool {
    switch rule {
    case .tooManyValues, .tooManyMembers, .stringTooLong: true
    default: false
    }
  }

  public var description: String { "offset \(offset): \(reason)" }

  /// The broken rule in words, without the place.
  public var reason: String {
    switch rule {
    case .syntax(let expected, let found): "JSON: expected \(expected), found \(found)"
    case .notUTF8: "JSON: expected UTF-8, found other bytes"
    case .byteOrderMark: "JSON: expected no byte order mark, found one"
    case .loneSurrogate: "JSON: expected a pair of surrogates, found one alone"
    case .duplicateName(let name):
      "JSON: expected each name once, found \"\(name.escapedForDisplay(limit: 200))\" twice"
    case .tooDeep(let limit): "JSON: expected at most \(limit) levels of nesting, found more"
    case .tooManyValues(let limit): "JSON: limit: at most \(limit) values, found more"
    case .tooManyMembers(let limit): "JSON: limit: at most \(limit) names, found more"
    case .stringTooLong(let limit): "JSON: limit: strings of at most \(limit) bytes, found more"
    case .trailingBytes: "JSON: expected the end of the text, found more"
    }
  }
}
