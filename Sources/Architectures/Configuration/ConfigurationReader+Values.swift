import FileIO

extension ConfigurationReader {
  /// The largest extent or count that a configuration may give; products of several still fit.
  public static let maximumExtent = 1 << 24
  /// The longest list, and the largest number of layers.
  public static let maximumCount = 1024

  /// A whole number within `range`; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func optionalInt(
    _ key: String, in range: ClosedRange<Int> = 1...maximumExtent
  ) throws(ArchitectureError) -> Int? {
    guard let found = raw(key) else { return nil }
    return try int(found, key, range)
  }

  /// A whole number within `range`; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func int(
    _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int> = 1...maximumExtent
  ) throws(ArchitectureError) -> Int {
    if let found = try optionalInt(key, in: range) { return found }
    return try required(fallback, key, "a whole number")
  }

  private func int(
    _ found: JSONValue, _ key: String, _ range: ClosedRange<Int>
  ) throws(ArchitectureError) -> Int {
    let whole = found.int ?? found.double.flatMap { Int(exactly: $0) }
    guard let whole, range.contains(whole) else {
      throw value(
        key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", found)
    }
    return whole
  }

  /// A finite number; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func optionalDouble(_ key: String) throws(ArchitectureError) -> Double? {
    guard let found = raw(key) else { return nil }
    guard let number = found.double, number.isFinite else {
      throw value(key, expected: "a finite number", found)
    }
    return number
  }

  /// A finite number; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func double(
    _ key: String, default fallback: Double? = nil
  ) throws(ArchitectureError) -> Double {
    if let found = try optionalDouble(key) { return found }
    return try required(fallback, key, "a number")
  }

  /// A truth value; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func bool(
    _ key: String, default fallback: Bool? = nil
  ) throws(ArchitectureError) -> Bool {
    guard let found = raw(key) else { return try required(fallback, key, "true or false") }
    guard let flag = found.bool else { throw value(key, expected: "true or false", found) }
    return flag
  }

  /// A text; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func optionalString(_ key: String) throws(ArchitectureError) -> String? {
    guard let found = raw(key) else { return nil }
    guard let text = found.string else { throw value(key, expected: "a text", found) }
    return text
  }

  /// A text; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func string(
    _ key: String, default fallback: String? = nil
  ) throws(ArchitectureError) -> String {
    if let found = try optionalString(key) { return found }
    return try required(fallback, key, "a text")
  }

  /// One of the cases of an enumeration by its raw value; `fallback` where the key is absent or
  /// null.
  ///
  /// - Throws: `ArchitectureError.value` naming all cases; `.missingKey` without a fallback.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: Choice? = nil
  ) throws(ArchitectureError) -> Choice where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    guard let found = raw(key) else { return try required(fallback, key, "one of \(names)") }
    guard let text = found.string, let choice = Choice(rawValue: text) else {
      throw value(key, expected: "one of \(names)", found)
    }
    return choice
  }

  private func required<Value>(
    _ fallback: Value?, _ key: String, _ expected: String
  ) throws(ArchitectureError) -> Value {
    guard let fallback else { throw .missingKey(file: file, key: key, expected: expected) }
    return fallback
  }
}
