import Crypto
import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Quantization
import Tensors

/// `imgconv quantize`: an artifact with its weights, and activations where asked, in smaller types.
public struct QuantizeJob: Sendable {
  /// The artifact (or any other model file).
  public var input: String
  /// Where the result goes; nil for a dry run.
  public var output: String?
  /// What every weight and activation becomes.
  public var recipe: Recipe
  /// Files of inputs to calibrate on; empty for the model's own trajectory, where it has a scheduler.
  public var calibration: [String] = []
  /// Where measurements for a budget are kept; nil to keep none.
  public var cache: String?
  /// How `output` is put into place.
  public var outputPolicy: OutputPolicy

  /// Describes a quantization.
  public init(
    input: String, output: String?, recipe: Recipe, outputPolicy: OutputPolicy = OutputPolicy()
  ) {
    self.input = input
    self.output = output
    self.recipe = recipe
    self.outputPolicy = outputPolicy
  }
}

/// What a quantization did.
public struct QuantizeReport: Sendable {
  /// A line for each tensor of the input, in its order.
  public var accounts: [TensorAccount]
  /// A line for each product of a weight and an activation.
  public var activations: [ActivationDecision]
  /// What a budget's choice was made from; nil where there is no budget.
  public var budget: BudgetReport?
  /// The recipe with every choice made.
  public var recipe: Recipe
  /// What was written; nil for a dry run.
  public var artifact: ArtifactReport?
}

extension QuantizeJob {
  /// The path of the recipe among an artifact's files.
  public static let recipePath = "quantization/recipe.yaml"

  /// Quantizes.
  ///
  /// - Throws: `QuantizationError`, the formats' errors, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> QuantizeReport {
    let sink = try output.map {
      try ArtifactSink(path: $0, policy: outputPolicy, inputs: [input])
    }
    let loaded = try ModelLoader().load(path: input)
    try sink?.protect(loaded.sourcePaths + calibration)
    // Only reads the files: digests are ready by the time the weights are written.
    let digests = sink.map { _ in BackgroundResult { try Provenance.inputs(of: loaded) } }
    let source = try CalibrationInputs(paths: calibration, model: loaded.model, recipe: recipe)
    let say = ProgressRelay(progress)
    let (quantized, budget) = try ModelQuantizer(
      recipe: recipe, calibration: source.provider, sensitivities: try cacheFile(loaded)
    ) { say.show($0) }.quantize(loaded.model)
    let resolved = resolvedRecipe(source, quantized, budget)
    var report = QuantizeReport(
      accounts: [], activations: quantized.activations, budget: budget, recipe: resolved)
    guard let sink, let digests else {
      progress("measuring", 0)
      try quantized.readAll()
      report.accounts = quantized.accounts
      return report
    }
    var model = quantized.model
    let notes = model.provenance.filter { $0.action == "read" }.flatMap(\.notes)
    model.provenance.removeAll { $0.action == "read" }
    let history = model.provenance
    model.files.removeAll { $0.path == Self.recipePath }
    model.files.append(
      AttachedFile(path: Self.recipePath, content: Array(resolved.yaml().utf8)))
    report.artifact = try sink.write(
      model, notes: [],
      history: { history + [try step(try digests.value(), source, notes: notes)] },
      progress: progress)
    report.accounts = quantized.accounts
    return report
  }

  private func resolvedRecipe(
    _ source: CalibrationInputs, _ quantized: QuantizedModel, _ budget: BudgetReport?
  ) -> Recipe {
    let resolved = recipe.resolved(isCalibrated: source.isAvailable)
    return budget.map(resolved.fixing) ?? resolved
  }

  private func step(
    _ inputs: [ProvenanceStep.Input], _ source: CalibrationInputs, notes: [String]
  ) throws -> ProvenanceStep {
    var options = ["weights": "\(recipe.defaultScheme)", "activations": "\(recipe.activations)"]
    for (index, rule) in recipe.rules.enumerated() {
      options["rule.\(index)"] = "\(rule.pattern)=\(rule.scheme)"
    }
    if recipe.saturates { options["saturate"] = "true" }
    if let budget = recipe.budget { options["budget"] = "\(budget)" }
    if source.isAvailable { options["calibration"] = source.label }
    let files = try calibration.map { path in
      let file = try InputFile(path: path)
      return ProvenanceStep.Input(
        name: path.lastComponent, sha256: try FileDigest.sha256(file), byteCount: file.size)
    }
    return ProvenanceStep(
      action: "quantize", tool: Provenance.tool, options: options,
      inputs: inputs + files, notes: notes,
      timestamp: Provenance.timestamp)
  }

  /// The file of measurements, keyed by the inputs' digests and the recipe without its budget.
  private func cacheFile(_ loaded: LoadedModel) throws -> SensitivityCache? {
    guard recipe.budget != nil, let cache else { return nil }
    var measured = recipe
    measured.budget = nil
    var hash = SHA256()
    hash.update(data: Data(measured.yaml().utf8))
    for input in try Provenance.inputs(of: loaded) { hash.update(data: Data(input.sha256.utf8)) }
    for path in calibration {
      hash.update(data: Data(try FileDigest.sha256(try InputFile(path: path)).utf8))
    }
    let key = hash.finalize().map { String(format: "%02x", $0) }.joined()
    return try SensitivityCache(path: cache, key: key)
  }
}

/// Lets concurrent code report progress to one who is told on the thread that started it.
private final class ProgressRelay: @unchecked Sendable {
  private let progress: (String, Double) -> Void

  init(_ progress: @escaping (String, Double) -> Void) { self.progress = progress }

  /// Only called on the thread that runs the job.
  func show(_ text: String) { progress(text, 0) }
}
