import FileIO
import ModelGraph
import Tensors

extension Recipe {
  /// The recipe as a YAML document that reads back to the same (`formats/recipe.md`).
  public func yaml() -> String {
    var lines = ["version: 1"]
    lines += Self.lines(defaultScheme)
    if let rounding { lines.append("rounding: \(rounding.rawValue)") }
    if let weightRange { lines.append("weight-range: \(weightRange)") }
    if let correctsBias { lines.append("bias-correction: \(correctsBias)") }
    if equalizes { lines.append("equalization: true") }
    if let smoothing { lines.append("smoothing: \(smoothing)") }
    if saturates { lines.append("saturate: true") }
    lines += Self.lines(activations)
    if !splitsConcatenations { lines.append("split-concatenations: false") }
    if quantizesEnds { lines.append("quantize-ends: true") }
    if let budget { lines.append("budget: \"\(budget)\"") }
    lines += calibration.lines
    if !rules.isEmpty { lines.append("rules:") }
    for rule in rules {
      let members = Self.lines(rule.scheme) + (rule.activations.map(Self.lines) ?? [])
      lines.append("  - pattern: \(Self.quoted(rule.pattern))")
      lines += members.map { "    \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ scheme: WeightScheme) -> [String] {
    guard case .integer(let integers) = scheme else {
      return ["weights: \(scheme == .keep ? "fp32" : scheme.typeName)"]
    }
    return [
      "weights: \(scheme.typeName)", "granularity: \(integers.sharing)",
      "asymmetric: \(!integers.isSymmetric)",
    ]
  }

  private static func lines(_ scheme: ActivationScheme) -> [String] {
    guard case .fixed(let fixed) = scheme else { return ["activations: \(scheme.kindName)"] }
    return [
      "activations: static", "activation-type: \(fixed.dtype.name)",
      "activation-symmetric: \(fixed.isSymmetric)", "activation-range: \(fixed.range)",
      "activation-per-step: \(fixed.isPerStep)",
    ]
  }

  /// A JSON string, which YAML reads as the same text.
  fileprivate static func quoted(_ text: String) -> String {
    String(decoding: JSONWriter.bytes(.string(text)), as: UTF8.self)
  }

  /// The recipe that gives what a budget's choice gave, without measuring again: a rule for each
  /// layer that stays in fp16, before all others.
  public func fixing(_ report: BudgetReport) -> Recipe {
    var recipe = self
    recipe.budget = nil
    recipe.rules =
      report.layers.filter(\.isKept).map {
        Rule(pattern: Self.literal($0.weight), scheme: .float(.float16))
      } + rules
    return recipe
  }

  /// A pattern that matches `name` alone.
  private static func literal(_ name: String) -> String {
    name.reduce(into: "") { pattern, character in
      if "*?[]\\".contains(character) { pattern.append("\\") }
      pattern.append(character)
    }
  }
}

extension CalibrationSettings {
  fileprivate var lines: [String] {
    var lines = [
      "calibration:", "  samples: \(sampleCount)", "  seed: \(seed)", "  rows: \(rowLimit)",
    ]
    if let stepCount { lines.append("  steps: \(stepCount)") }
    if !prompts.isEmpty { lines.append("  prompts:") }
    lines += prompts.map { "    - \(Recipe.quoted($0))" }
    return lines
  }
}
