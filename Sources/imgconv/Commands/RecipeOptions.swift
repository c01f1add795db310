import ArgumentParser
import FileIO
import Foundation
import ImgconvKit
import Quantization
import Tensors

/// The options that make a recipe, or change one out of a file.
struct RecipeOptions: ParsableArguments {
  @Option(help: "A recipe to start from (YAML, formats/recipe.md).")
  var recipe: String?

  @Option(help: "The type of weights: int8, int4, fp16, bf16 or fp32.")
  var weights: WeightType?

  @Option(help: "Which weights share a scale: tensor, channel or group:N (default: channel).")
  var granularity: IntegerScheme.ScaleSharing?

  @Flag(help: "Use zero points, so that the integers need not be centred on zero.")
  var asymmetric = false

  @Option(name: .long, help: "PATTERN=TYPE: the type of tensors whose name matches.")
  var keep: [KeepRule] = []

  @Flag(help: "Cut values beyond a type's range to its largest, instead of refusing them.")
  var saturate = false

  @Option(help: "How weights become integers: nearest or second-order.")
  var rounding: WeightRounding?

  @Option(help: "How a weight's ranges are chosen: min-max or mse.")
  var weightRange: RangeMethod?

  @Flag(
    inversion: .prefixedNo,
    help: "Let biases make up for what quantized products lack on average.")
  var biasCorrection: Bool?

  @Flag(inversion: .prefixedNo, help: "Scale consecutive weights to equal ranges by channel.")
  var equalization: Bool?

  @Option(
    help: "How much of activations' ranges passes to the weights: none, or over 0 to 1 (0.5).")
  var smoothing: SmoothingStrength?

  @Option(help: "How activations are quantized: none, dynamic or static.")
  var activations: ActivationKind?

  @Option(help: "The type of static activations: uint8 or int8.")
  var activationType: ActivationType?

  @Flag(help: "Use zero point 0 for static int8 activations.")
  var activationSymmetric = false

  @Option(help: "How their ranges are chosen: min-max, percentile:P, entropy or mse.")
  var activationRange: RangeMethod?

  @Flag(help: "Give each timestep of the trajectory scales of its own.")
  var activationPerStep = false

  @Flag(inversion: .prefixedNo, help: "Give the halves of a concatenation scales of their own.")
  var splitConcatenations: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: "Quantize the activations of the first and the last layers too.")
  var quantizeEnds: Bool?

  @Option(help: "A file of inputs to calibrate on: safetensors by name, .npy and .pb by order.")
  var calibration: [String] = []

  @Option(help: "How many samples calibration runs (default: 16).")
  var calibrationSamples: Int?

  @Option(help: "The seed of the first sample that calibration draws.")
  var calibrationSeed: UInt64?

  @Option(help: "How many steps calibration's trajectory has (default: the model's own).")
  var calibrationSteps: Int?

  @Option(help: "What the images of calibration's trajectory show; again for more, in turn.")
  var calibrationPrompt: [String] = []

  @Option(help: "Keep layers in fp16 for psnr>=DB, size<=P% or layers<=P%.")
  var budget: Budget?

  @Option(help: "The file that keeps a budget's measurements, to go on with.")
  var cache: String?

  mutating func validate() throws {
    for (name, value) in [
      ("--calibration-samples", calibrationSamples), ("--calibration-steps", calibrationSteps),
    ] {
      if let value, value < 1 { throw ValidationError("\(name): expected at least 1") }
    }
    if activationSymmetric, activationType != .int8 {
      throw ValidationError("--activation-symmetric needs --activation-type int8.")
    }
    if let weightRange, weightRange != .minMax, weightRange != .meanSquare {
      throw ValidationError("--weight-range: expected min-max or mse.")
    }
  }
}

extension RecipeOptions {
  /// The recipe out of the file, if there is one, changed by the options given.
  ///
  /// - Throws: `FileIOError`, `QuantizationError.recipe`.
  func resolved() throws -> Recipe {
    var resolved = try base()
    resolved.rules = keepRules(resolved) + resolved.rules
    if saturate { resolved.saturates = true }
    resolved.rounding = rounding ?? resolved.rounding
    resolved.weightRange = weightRange ?? resolved.weightRange
    resolved.correctsBias = biasCorrection ?? resolved.correctsBias
    resolved.equalizes = equalization ?? resolved.equalizes
    if let smoothing { resolved.smoothing = smoothing.strength }
    resolved.activations = changedActivations(resolved.activations)
    resolved.splitsConcatenations = splitConcatenations ?? resolved.splitsConcatenations
    resolved.quantizesEnds = quantizeEnds ?? resolved.quantizesEnds
    resolved.budget = budget ?? resolved.budget
    resolved.calibration.sampleCount = calibrationSamples ?? resolved.calibration.sampleCount
    resolved.calibration.seed = calibrationSeed ?? resolved.calibration.seed
    if !calibrationPrompt.isEmpty { resolved.calibration.prompts = calibrationPrompt }
    resolved.calibration.stepCount = calibrationSteps ?? resolved.calibration.stepCount
    return resolved
  }

  private func base() throws -> Recipe {
    var base = Recipe(defaultScheme: .keep)
    if let recipe { base = try Recipe(yaml: try RecipeFile.text(path: recipe)) }
    if let weights {
      base.defaultScheme = weights.scheme(
        sharing: granularity ?? .channel, isSymmetric: !asymmetric)
    } else if case .integer(var scheme) = base.defaultScheme {
      scheme.sharing = granularity ?? scheme.sharing
      scheme.isSymmetric = asymmetric ? false : scheme.isSymmetric
      base.defaultScheme = .integer(scheme)
    }
    return base
  }

  private func keepRules(_ recipe: Recipe) -> [Recipe.Rule] {
    var sharing = granularity ?? .channel
    var isSymmetric = !asymmetric
    if case .integer(let scheme) = recipe.defaultScheme {
      (sharing, isSymmetric) = (scheme.sharing, scheme.isSymmetric)
    }
    return keep.map { rule in
      Recipe.Rule(
        pattern: rule.pattern, scheme: rule.type.scheme(sharing: sharing, isSymmetric: isSymmetric))
    }
  }

  private func changedActivations(_ base: ActivationScheme) -> ActivationScheme {
    var fixed = StaticActivations()
    if case .fixed(let scheme) = base { fixed = scheme }
    fixed.dtype = activationType?.dtype ?? fixed.dtype
    if activationSymmetric { fixed.isSymmetric = true }
    fixed.range = activationRange ?? fixed.range
    if activationPerStep { fixed.isPerStep = true }
    switch activations {
    case nil: if case .fixed = base { return .fixed(fixed) } else { return base }
    case .some(.none): return .none
    case .dynamic: return .dynamic
    case .static: return .fixed(fixed)
    }
  }
}

/// A type of weights as the command line names it.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
  case fp32
  case fp16
  case bf16
  case int8
  case int4

  /// The scheme of that type.
  func scheme(sharing: IntegerScheme.ScaleSharing, isSymmetric: Bool) -> WeightScheme {
    WeightScheme(type: rawValue, sharing: sharing, isSymmetric: isSymmetric) ?? .keep
  }
}

/// A kind of activation quantization as the command line names it.
enum ActivationKind: String, ExpressibleByArgument, CaseIterable {
  case none
  case dynamic
  case `static`
}

/// A type of static activations.
enum ActivationType: String, ExpressibleByArgument, CaseIterable {
  case uint8
  case int8

  var dtype: DType { self == .int8 ? .int8 : .uint8 }
}

/// A `--smoothing STRENGTH`.
struct SmoothingStrength: ExpressibleByArgument {
  /// nil for `none`.
  let strength: Float?

  init?(argument: String) {
    guard let strength = Recipe.smoothing(name: argument) else { return nil }
    self.strength = strength
  }
}

/// A `--keep PATTERN=TYPE`.
struct KeepRule: ExpressibleByArgument {
  let pattern: String
  let type: WeightType

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex,
      let type = WeightType(rawValue: String(argument[argument.index(after: equals)...]))
    else { return nil }
    pattern = String(argument[..<equals])
    self.type = type
  }
}

extension IntegerScheme.ScaleSharing: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public var defaultValueDescription: String { description }
}

extension WeightRounding: ExpressibleByArgument {}

extension RangeMethod: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public var defaultValueDescription: String { description }
}

extension Budget: ExpressibleByArgument {
  public init?(argument: String) { self.init(text: argument) }
  public var defaultValueDescription: String { description }
}
