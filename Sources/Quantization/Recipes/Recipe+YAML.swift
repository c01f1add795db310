import FileIO
import Foundation
import ModelGraph
import Tensors
import Yams

extension Recipe {
  /// The most bytes of a recipe's text.
  public static let maximumByteCount = 1 << 20

  /// The recipe of a YAML document (`formats/recipe.md`).
  ///
  /// - Throws: `QuantizationError.recipe` for text that is no YAML or breaks a rule of the format.
  public init(yaml text: String) throws {
    guard text.utf8.count <= Self.maximumByteCount else {
      throw QuantizationError.recipe(
        field: "document", expected: "at most 1 MiB", found: "\(text.utf8.count) bytes")
    }
    let root: Yams.Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw QuantizationError.recipe(
        field: "document", expected: "YAML", found: "\(error)")
    }
    var fields = try RecipeFields(root, at: "document")
    try fields.version()
    self = try fields.recipe()
    rules = try fields.rules(sharedBy: self)
    try fields.finish()
  }
}

/// The members of a YAML mapping, each read once.
private struct RecipeFields {
  private var values: [String: Yams.Node] = [:]
  private let place: String

  init(_ node: Yams.Node?, at place: String) throws {
    self.place = place
    guard case .mapping(let mapping)? = node else {
      throw QuantizationError.recipe(
        field: place, expected: "a mapping", found: node?.kindName ?? "nothing")
    }
    for (key, value) in mapping {
      guard case .scalar(let name) = key, values.updateValue(value, forKey: name.string) == nil
      else {
        throw QuantizationError.recipe(
          field: place, expected: "members of different names",
          found: "\(key.scalar?.string ?? "a key that is no text") again")
      }
    }
  }

  private func error(_ name: String, _ expected: String, _ found: String) -> QuantizationError {
    .recipe(
      field: place == "document" ? name : "\(place): \(name)", expected: expected, found: found)
  }

  mutating func text(_ name: String) throws -> String? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    guard case .scalar(let scalar) = value else {
      throw error(name, "a value", value.kindName)
    }
    return scalar.string
  }

  mutating func texts(_ name: String) throws -> [String]? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    guard case .sequence(let sequence) = value else {
      throw error(name, "a sequence of texts", value.kindName)
    }
    return try sequence.map { element in
      guard case .scalar(let scalar) = element else {
        throw error(name, "a sequence of texts", "\(element.kindName) in it")
      }
      return scalar.string
    }
  }

  mutating func parsed<Value>(
    _ name: String, _ expected: String, _ parse: (String) -> Value?
  ) throws -> Value? {
    guard let text = try text(name) else { return nil }
    guard let value = parse(text) else { throw error(name, expected, "\"\(text)\"") }
    return value
  }

  mutating func flag(_ name: String) throws -> Bool? {
    try parsed(name, "true or false") { ["true": true, "false": false][$0] }
  }

  mutating func count(_ name: String, atLeast least: Int) throws -> Int? {
    try parsed(name, "a number of at least \(least)") { text in
      Int(text).flatMap { $0 >= least && $0 <= 1_000_000 ? $0 : nil }
    }
  }

  func finish() throws {
    guard let name = values.keys.sorted().first else { return }
    throw error(name, "a member that recipes have", "an unknown one")
  }
}

extension RecipeFields {
  mutating func version() throws {
    guard try parsed("version", "1", { $0 == "1" ? 1 : nil }) != nil else {
      throw error("version", "1", "none")
    }
  }

  /// Everything but the rules.
  mutating func recipe() throws -> Recipe {
    let weights = try scheme(.channel, true)
    guard let weights else {
      throw error("weights", WeightScheme.typeNames.joined(separator: ", "), "none")
    }
    var recipe = Recipe(defaultScheme: weights)
    recipe.saturates = try flag("saturate") ?? false
    recipe.rounding = try parsed("rounding", "nearest or second-order") {
      WeightRounding(rawValue: $0)
    }
    recipe.weightRange = try parsed("weight-range", "min-max or mse") { text in
      RangeMethod(name: text).flatMap { [.minMax, .meanSquare].contains($0) ? $0 : nil }
    }
    recipe.correctsBias = try flag("bias-correction")
    recipe.equalizes = try flag("equalization") ?? false
    recipe.smoothing =
      try parsed("smoothing", "none or a number over 0, at most 1") {
        Recipe.smoothing(name: $0)
      } ?? nil
    recipe.activations = try activations(StaticActivations()) ?? .none
    recipe.splitsConcatenations = try flag("split-concatenations") ?? true
    recipe.quantizesEnds = try flag("quantize-ends") ?? false
    recipe.budget = try parsed("budget", "psnr>=DB, size<=P% or layers<=P%") { Budget(text: $0) }
    if let calibration = values.removeValue(forKey: "calibration") {
      var fields = try RecipeFields(calibration, at: "calibration")
      recipe.calibration = try fields.calibration()
    }
    return recipe
  }

  mutating func rules(sharedBy recipe: Recipe) throws -> [Recipe.Rule] {
    guard let node = values.removeValue(forKey: "rules") else { return [] }
    guard case .sequence(let sequence) = node else {
      throw error("rules", "a sequence", node.kindName)
    }
    return try sequence.enumerated().map { index, node in
      var fields = try RecipeFields(node, at: "rules[\(index)]")
      return try fields.rule(recipe)
    }
  }

  private mutating func rule(_ recipe: Recipe) throws -> Recipe.Rule {
    guard let pattern = try text("pattern") else { throw error("pattern", "a pattern", "none") }
    var (sharing, isSymmetric) = (IntegerScheme.ScaleSharing.channel, true)
    if case .integer(let scheme) = recipe.defaultScheme {
      (sharing, isSymmetric) = (scheme.sharing, scheme.isSymmetric)
    }
    guard let scheme = try scheme(sharing, isSymmetric) else {
      throw error("weights", WeightScheme.typeNames.joined(separator: ", "), "none")
    }
    var fixed = StaticActivations()
    if case .fixed(let scheme) = recipe.activations { fixed = scheme }
    let activations = try activations(fixed)
    try finish()
    return Recipe.Rule(pattern: pattern, scheme: scheme, activations: activations)
  }

  private mutating func calibration() throws -> CalibrationSettings {
    var settings = CalibrationSettings()
    settings.sampleCount = try count("samples", atLeast: 1) ?? settings.sampleCount
    settings.seed = try parsed("seed", "a number of at least 0") { UInt64($0) } ?? settings.seed
    settings.stepCount = try count("steps", atLeast: 1)
    settings.prompts = try texts("prompts") ?? []
    settings.rowLimit = try count("rows", atLeast: 1) ?? settings.rowLimit
    try finish()
    return settings
  }

  private mutating func scheme(
    _ sharing: IntegerScheme.ScaleSharing, _ isSymmetric: Bool
  ) throws -> WeightScheme? {
    let sharing =
      try parsed("granularity", "tensor, channel or group:N") {
        IntegerScheme.ScaleSharing(name: $0)
      } ?? sharing
    let isSymmetric = try flag("asymmetric").map { !$0 } ?? isSymmetric
    return try parsed("weights", WeightScheme.typeNames.joined(separator: ", ")) {
      WeightScheme(type: $0, sharing: sharing, isSymmetric: isSymmetric)
    }
  }

  private mutating func activations(_ fallback: StaticActivations) throws -> ActivationScheme? {
    var fixed = fallback
    fixed.dtype =
      try parsed("activation-type", "uint8 or int8") {
        ["uint8": DType.uint8, "int8": .int8][$0]
      } ?? fixed.dtype
    fixed.isSymmetric = try flag("activation-symmetric") ?? fixed.isSymmetric
    fixed.range =
      try parsed("activation-range", "min-max, percentile:P, entropy or mse") {
        RangeMethod(name: $0)
      } ?? fixed.range
    fixed.isPerStep = try flag("activation-per-step") ?? fixed.isPerStep
    guard !fixed.isSymmetric || fixed.dtype == .int8 else {
      throw error("activation-symmetric", "false for uint8", "true")
    }
    return try parsed("activations", "none, dynamic or static") {
      ActivationScheme(kind: $0, fixed)
    }
  }
}

extension Yams.Node {
  /// The kind of value, for messages.
  fileprivate var kindName: String {
    switch self {
    case .scalar(let scalar): "the value \"\(scalar.string.prefix(60))\""
    case .mapping: "a mapping"
    case .sequence: "a sequence"
    case .alias: "an alias"
    }
  }
}
