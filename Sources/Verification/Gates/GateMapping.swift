import Yams

/// A mapping of a gate file: fields are taken one by one, and what is left is refused by name.
struct GateMapping {
  private let file: String
  private let place: String
  private let line: Int?
  private var members: [(key: String, value: Node)] = []

  /// - Throws: `VerificationError.gate` where `node` is no mapping with texts as keys, or names a
  ///   key twice.
  init(_ node: Node, file: String, place: String) throws {
    self.file = file
    self.place = place
    line = node.mark?.line
    guard let mapping = node.mapping else {
      throw VerificationError.gate(
        file: file, line: node.mark?.line, field: place, expected: "a mapping",
        found: Self.kind(node))
    }
    for (key, value) in mapping {
      guard let name = key.string else { throw error(at: key, place, "texts as keys") }
      members.append((name, value))
    }
  }

  private init(emptyIn file: String, place: String) {
    self.file = file
    self.place = place
    line = nil
  }

  /// A mapping without fields.
  var empty: GateMapping { GateMapping(emptyIn: file, place: place) }

  /// That a required field is not there.
  func missing(_ name: String) -> VerificationError {
    .gate(file: file, line: line, field: path(name), expected: "a value", found: "nothing")
  }

  /// - Throws: `VerificationError.gate` for the first field that was not taken.
  func finish() throws {
    guard let (key, value) = members.first else { return }
    throw VerificationError.gate(
      file: file, line: value.mark?.line ?? line, field: path(key), expected: "no such field",
      found: key)
  }

  private func path(_ name: String) -> String { place == "document" ? name : "\(place).\(name)" }

  private func error(at node: Node, _ field: String, _ expected: String) -> VerificationError {
    .gate(
      file: file, line: node.mark?.line ?? line, field: field, expected: expected,
      found: Self.kind(node))
  }

  private static func kind(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): "\"\(scalar.string)\""
    case .mapping: "a mapping"
    case .sequence: "a sequence"
    case .alias: "an alias"
    }
  }

  private mutating func take(_ name: String) -> Node? {
    guard let index = members.firstIndex(where: { $0.key == name }) else { return nil }
    return members.remove(at: index).value
  }
}

extension GateMapping {
  /// A text.
  mutating func text(_ name: String) throws -> String? {
    guard let node = take(name) else { return nil }
    guard let text = node.scalar?.string else { throw error(at: node, path(name), "a text") }
    return text
  }

  /// A truth value.
  mutating func boolean(_ name: String) throws -> Bool? {
    guard let node = take(name) else { return nil }
    guard let value = node.bool else { throw error(at: node, path(name), "true or false") }
    return value
  }

  /// A whole number within `range`.
  mutating func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let node = take(name) else { return nil }
    guard let value = node.int, range.contains(value) else {
      throw error(
        at: node, path(name), "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number within `range`.
  mutating func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
    guard let node = take(name) else { return nil }
    guard let value = node.float, range.contains(value) else {
      throw error(
        at: node, path(name), "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// One of `choices` by its name.
  mutating func choice<Choice: RawRepresentable<String>>(
    _ name: String, _ choices: [Choice]
  ) throws -> Choice? {
    guard let node = take(name) else { return nil }
    guard let text = node.scalar?.string, let choice = Choice(rawValue: text) else {
      throw error(
        at: node, path(name), "one of " + choices.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// A day.
  mutating func day(_ name: String) throws -> CalendarDay? {
    guard let node = take(name) else { return nil }
    guard let text = node.scalar?.string, let day = CalendarDay(text) else {
      throw error(at: node, path(name), "a day as YYYY-MM-DD")
    }
    return day
  }

  /// A mapping.
  mutating func mapping(_ name: String) throws -> GateMapping? {
    try take(name).map { try GateMapping($0, file: file, place: path(name)) }
  }

  /// A sequence of mappings; empty where there is none.
  mutating func items(_ name: String) throws -> [GateMapping] {
    guard let node = take(name) else { return [] }
    guard let sequence = node.sequence else { throw error(at: node, path(name), "a sequence") }
    return try sequence.enumerated().map { index, item in
      try GateMapping(item, file: file, place: "\(path(name))[\(index)]")
    }
  }

  /// All fields as metrics with a number each.
  mutating func metrics() throws -> [Metric: Double] {
    var values: [Metric: Double] = [:]
    for (key, node) in members {
      values[try metric(key, node)] = try finite(key, node)
    }
    members = []
    return values
  }

  /// All fields as limits: a number for every sample, or a mapping of `worst` and `mean`.
  mutating func limits() throws -> Limits {
    var limits = Limits()
    for (key, node) in members {
      let metric = try metric(key, node)
      guard node.mapping != nil else {
        limits.worst[metric] = try finite(key, node)
        continue
      }
      var parts = try GateMapping(node, file: file, place: path(key))
      let everything = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
      limits.worst[metric] = try parts.number("worst", everything)
      limits.mean[metric] = try parts.number("mean", everything)
      try parts.finish()
    }
    members = []
    return limits
  }

  private func metric(_ key: String, _ node: Node) throws -> Metric {
    guard let metric = Metric(rawValue: key) else {
      throw VerificationError.gate(
        file: file, line: node.mark?.line ?? line, field: path(key),
        expected: "one of " + Metric.allCases.map(\.rawValue).joined(separator: ", "), found: key)
    }
    return metric
  }

  private func finite(_ key: String, _ node: Node) throws -> Double {
    guard let value = node.float, value.isFinite else {
      throw error(at: node, path(key), "a number")
    }
    return value
  }
}
