import FileIO

extension ConfigurationReader {
  /// The elements of a list; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value` where the value is no list, or one longer than any real.
  public func optionalList(_ key: String) throws(ArchitectureError) -> [JSONValue]? {
    guard let found = raw(key) else { return nil }
    guard let elements = found.elements, elements.count <= Self.maximumCount else {
      throw value(key, expected: "a list of at most \(Self.maximumCount)", found)
    }
    return elements
  }

  /// A list of whole numbers within `range`, not empty; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func ints(
    _ key: String, default fallback: [Int]? = nil, in range: ClosedRange<Int> = 1...maximumExtent
  ) throws(ArchitectureError) -> [Int] {
    guard let elements = try optionalList(key) else {
      guard let fallback else {
        throw .missingKey(file: file, key: key, expected: "a list of whole numbers")
      }
      return fallback
    }
    let numbers = elements.compactMap(\.int).filter(range.contains)
    guard numbers.count == elements.count, !numbers.isEmpty else {
      throw value(
        key, expected: "whole numbers from \(range.lowerBound) to \(range.upperBound)",
        .array(elements))
    }
    return numbers
  }

  /// One whole number for each of `count` blocks: a list of as many, or one number for all; nil
  /// where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func optionalPerBlock(
    _ key: String, count: Int, in range: ClosedRange<Int> = 1...maximumExtent
  ) throws(ArchitectureError) -> [Int]? {
    guard let found = raw(key) else { return nil }
    guard found.elements != nil else {
      return Array(repeating: try int(key, in: range), count: count)
    }
    let numbers = try ints(key, in: range)
    guard numbers.count == count else {
      throw value(key, expected: "\(count) numbers, one for each block", found)
    }
    return numbers
  }

  /// A list of texts; `fallback` where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`; `.missingKey` where there is no fallback.
  public func strings(
    _ key: String, default fallback: [String]? = nil
  ) throws(ArchitectureError) -> [String] {
    guard let elements = try optionalList(key) else {
      guard let fallback else {
        throw .missingKey(file: file, key: key, expected: "a list of texts")
      }
      return fallback
    }
    let texts = elements.compactMap(\.string)
    guard texts.count == elements.count else {
      throw value(key, expected: "a list of texts", .array(elements))
    }
    return texts
  }

  /// One truth value for each of `count` blocks: a list of as many, or one for all; `fallback`
  /// where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  public func perBlock(
    _ key: String, count: Int, default fallback: Bool
  ) throws(ArchitectureError) -> [Bool] {
    guard let found = raw(key) else { return Array(repeating: fallback, count: count) }
    if let flag = found.bool { return Array(repeating: flag, count: count) }
    let flags = found.elements?.compactMap(\.bool) ?? []
    guard flags.count == count, found.elements?.count == count else {
      throw value(key, expected: "true or false, or \(count) of them", found)
    }
    return flags
  }
}
