import FileIO

/// The keys of a scheduler's configuration, typed; keys that are absent or null have the class's
/// default.
struct SchedulerSettings: Sendable {
  let file: String
  let members: [JSONMember]

  /// - Throws: `DiffusionError.configuration` where the bytes are no JSON object. `Infinity`,
  ///   `-Infinity` and `NaN` are numbers here, as Python writes them.
  init(_ bytes: [UInt8], file: String) throws(DiffusionError) {
    self.file = file
    var parser = JSONParser()
    parser.maximumValues = 1 << 20
    parser.allowsNonFinite = true
    do {
      guard let members = try parser.parse(bytes).members else {
        throw DiffusionError.configuration(file: file, reason: "expected a JSON object")
      }
      self.members = members
    } catch let error as JSONError {
      throw .configuration(file: file, reason: error.description)
    } catch let error as DiffusionError {
      throw error
    } catch {
      throw .configuration(file: file, reason: "\(error)")
    }
  }

  /// The names of all keys but those that begin with an underscore.
  var keys: [String] { members.map(\.name).filter { !$0.hasPrefix("_") } }

  /// The value of `key`; nil where it is absent or null.
  func raw(_ key: String) -> JSONValue? {
    let value = members.first { $0.name == key }?.value
    return value?.isNull == true ? nil : value
  }

  func double(
    _ key: String, default fallback: Double, in range: ClosedRange<Double>
  ) throws(DiffusionError) -> Double {
    try optionalDouble(key, in: range) ?? fallback
  }

  func optionalDouble(
    _ key: String, in range: ClosedRange<Double>
  ) throws(DiffusionError) -> Double? {
    guard let value = raw(key) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw error(key, "a number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  func int(
    _ key: String, default fallback: Int, in range: ClosedRange<Int>
  ) throws(DiffusionError) -> Int {
    guard let value = raw(key) else { return fallback }
    guard let number = value.int ?? value.double.flatMap({ Int(exactly: $0) }),
      range.contains(number)
    else {
      throw error(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  func bool(_ key: String, default fallback: Bool) throws(DiffusionError) -> Bool {
    guard let value = raw(key) else { return fallback }
    guard let flag = value.bool else { throw error(key, "true or false", value) }
    return flag
  }

  /// A text that names a case of `Choice`.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: Choice
  ) throws(DiffusionError) -> Choice where Choice.RawValue == String {
    guard let value = raw(key) else { return fallback }
    guard let text = value.string else { throw error(key, "a text", value) }
    guard let choice = Choice(rawValue: text) else {
      throw .unsupported(
        file: file, what: key, found: text, supported: Choice.allCases.map(\.rawValue))
    }
    return choice
  }

  /// A list of numbers within `range`.
  func doubles(
    _ key: String, in range: ClosedRange<Double>
  ) throws(DiffusionError) -> [Double]? {
    guard let value = raw(key) else { return nil }
    let numbers = value.elements?.compactMap(\.double).filter(range.contains) ?? []
    guard let elements = value.elements, numbers.count == elements.count, !numbers.isEmpty else {
      throw error(
        key, "a list of numbers from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return numbers
  }

  /// Refuses `key` where it asks for something that the tool does not have.
  func refuse(_ key: String, supported: String) throws(DiffusionError) {
    guard let value = raw(key), value != .bool(false) else { return }
    throw .unsupported(file: file, what: key, found: value.kindName, supported: [supported])
  }

  private func error(_ key: String, _ expected: String, _ found: JSONValue) -> DiffusionError {
    .key(file: file, key: key, expected: expected, found: found.kindName)
  }
}
