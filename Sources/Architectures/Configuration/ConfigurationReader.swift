import FileIO

/// Reads a configuration's keys and keeps track of which were read, so that one that nobody
/// honours is refused by name.
///
/// A key that is absent or null takes the default given. Not for several threads.
public final class ConfigurationReader {
  /// The configuration's path, for messages.
  public let file: String
  /// The whole configuration.
  public let document: JSONValue
  private let values: [String: JSONValue]
  private var unread: Set<String>

  /// Reads the JSON object in `bytes`.
  ///
  /// - Throws: `ArchitectureError.notConfiguration`.
  public init(_ bytes: [UInt8], file: String) throws(ArchitectureError) {
    self.file = file
    do {
      document = try JSONParser().parse(bytes)
    } catch {
      throw .notConfiguration(file: file, reason: "at offset \(error.offset): \(error.reason)")
    }
    guard let members = document.members else {
      throw .notConfiguration(file: file, reason: document.kindName)
    }
    values = Dictionary(
      members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    unread = Set(values.keys)
  }
}

extension ConfigurationReader {
  /// The value of `key`, which counts as read; nil where it is absent or null.
  public func raw(_ key: String) -> JSONValue? {
    unread.remove(key)
    guard let value = values[key], !value.isNull else { return nil }
    return value
  }

  /// Whether `key` is there, be it null; it does not count as read.
  public func has(_ key: String) -> Bool { values[key] != nil }

  /// Refuses keys that were not read, except `inert` ones and those that begin with `_`.
  ///
  /// - Throws: `ArchitectureError.unknownKeys`.
  public func requireAllRead(
    className: String, inert: Set<String>
  ) throws(ArchitectureError) {
    let left = unread.filter { !$0.hasPrefix("_") && !inert.contains($0) }.sorted()
    if !left.isEmpty { throw .unknownKeys(file: file, className: className, keys: left) }
  }

  /// Refuses `key` unless it is absent, null, or equal to `value`, the only one supported.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func require(_ key: String, is value: JSONValue) throws(ArchitectureError) {
    guard let found = raw(key), !Self.equal(found, value) else { return }
    throw self.value(key, expected: value.kindName, found)
  }

  private static func equal(_ left: JSONValue, _ right: JSONValue) -> Bool {
    if left == right { return true }
    guard let left = left.double, let right = right.double else { return false }
    return left == right
  }

  /// The error of a `key` whose value is not one of those `expected`.
  public func value(
    _ key: String, expected: String, _ found: JSONValue?
  ) -> ArchitectureError {
    .value(file: file, key: key, expected: expected, found: found?.kindName ?? "nothing")
  }

  /// The error of a `key` whose value does not fit others, in words.
  public func value(_ key: String, expected: String, found: String) -> ArchitectureError {
    .value(file: file, key: key, expected: expected, found: found)
  }
}
