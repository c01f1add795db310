import FileIO
import Yams

/// Reads a policy out of a YAML file; `formats/gate.md` is its specification.
public enum GateFile {
  private static let maximumByteCount: UInt64 = 1 << 20

  /// The policy in the file at `path`.
  ///
  /// - Throws: `VerificationError.gate` naming line and field, or `FileIOError`.
  public static func read(path: String) throws -> GatePolicy {
    let file = try InputFile(path: path)
    guard file.size <= maximumByteCount else {
      throw VerificationError.gate(
        file: path, line: nil, field: "size", expected: "at most 1 MiB", found: "\(file.size)")
    }
    let text = String(decoding: try file.bytes(at: 0, count: Int(file.size)), as: UTF8.self)
    return try parse(text, file: path)
  }

  /// The policy that `text` describes; `file` is named in errors.
  public static func parse(_ text: String, file: String) throws -> GatePolicy {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw VerificationError.gate(
        file: file, line: nil, field: "document", expected: "YAML", found: "\(error)")
    }
    guard let node else {
      throw VerificationError.gate(
        file: file, line: 1, field: "document", expected: "a mapping", found: "nothing")
    }
    var root = try GateMapping(node, file: file, place: "document")
    let version: Int? = try root.integer("version", 1...1)
    guard version != nil else { throw root.missing("version") }
    var policy = GatePolicy()
    policy.usesDefaults = try root.boolean("defaults") ?? true
    policy.confidence = try root.number("confidence", 0.5...0.9999) ?? policy.confidence
    policy.failureRate = try root.number("failure-rate", 0.000_001...0.999_999)
    policy.failsOnDrift = try root.boolean("fail-on-drift") ?? true
    policy.rules = try root.items("rules").map(rule)
    if var baseline = try root.mapping("baseline") {
      var tolerance = try baseline.mapping("tolerance") ?? baseline.empty
      policy.baselineTolerance.merge(try tolerance.metrics()) { _, given in given }
      try baseline.finish()
    }
    policy.waivers = try root.items("waivers").map(waiver)
    try root.finish()
    return policy
  }

  private static func rule(_ mapping: GateMapping) throws -> GateRule {
    var mapping = mapping
    var rule = GateRule(limits: Limits())
    rule.match = try mapping.text("match")
    rule.component = try mapping.text("component")
    rule.depth = try mapping.choice("depth", Subject.Depth.allCases)
    rule.steps = try mapping.integer("steps", 1...1000)
    rule.step = try mapping.integer("step", 1...1000)
    guard var limits = try mapping.mapping("limits") else { throw mapping.missing("limits") }
    rule.limits = try limits.limits()
    try mapping.finish()
    return rule
  }

  private static func waiver(_ mapping: GateMapping) throws -> Waiver {
    var mapping = mapping
    guard let match = try mapping.text("match") else { throw mapping.missing("match") }
    guard let metric = try mapping.choice("metric", Metric.allCases) else {
      throw mapping.missing("metric")
    }
    guard let reason = try mapping.text("reason"), !reason.isEmpty else {
      throw mapping.missing("reason")
    }
    guard let expires = try mapping.day("expires") else { throw mapping.missing("expires") }
    try mapping.finish()
    return Waiver(match: match, metric: metric, reason: reason, expires: expires)
  }
}
