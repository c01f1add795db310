import FileIO
import ImgcFormat
import ModelGraph
import Quantization
import Tensors

/// `imgconv quantize`: an artifact with its weights in smaller types.
public struct QuantizeJob: Sendable {
  /// The artifact (or any other model file).
  public var input: String
  /// Where the result goes; nil for a dry run.
  public var output: String?
  /// What every weight becomes.
  public var recipe: Recipe
  /// Whether `output` may be replaced.
  public var replacesExisting: Bool

  /// Describes a quantization.
  public init(input: String, output: String?, recipe: Recipe, replacesExisting: Bool = false) {
    self.input = input
    self.output = output
    self.recipe = recipe
    self.replacesExisting = replacesExisting
  }
}

/// What a quantization did to every tensor.
public struct QuantizeReport: Sendable {
  /// A line for each tensor of the input, in its order.
  public var accounts: [TensorAccount]
  /// What was written; nil for a dry run.
  public var artifact: ArtifactReport?
}

extension QuantizeJob {
  /// Quantizes.
  ///
  /// - Throws: `QuantizationError`, the formats' errors, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> QuantizeReport {
    let sink = try output.map {
      try ArtifactSink(path: $0, replacesExisting: replacesExisting, inputs: [input])
    }
    let loaded = try ModelLoader().load(path: input)
    try sink?.protect(loaded.sourcePaths)
    let quantized = try ModelQuantizer(recipe: recipe).quantize(loaded.model)
    guard let sink else {
      progress("measuring", 0)
      try quantized.readAll()
      return QuantizeReport(accounts: quantized.accounts, artifact: nil)
    }
    var model = quantized.model
    let notes = model.provenance.filter { $0.action == "read" }.flatMap(\.notes)
    model.provenance.removeAll { $0.action == "read" }
    model.provenance.append(try step(loaded, notes: notes))
    let artifact = try sink.write(model, notes: [], progress: progress)
    return QuantizeReport(accounts: quantized.accounts, artifact: artifact)
  }

  private func step(_ loaded: LoadedModel, notes: [String]) throws -> ProvenanceStep {
    var options = ["weights": "\(recipe.defaultScheme)"]
    for (index, rule) in recipe.rules.enumerated() {
      options["rule.\(index)"] = "\(rule.pattern)=\(rule.scheme)"
    }
    if recipe.saturates { options["saturate"] = "true" }
    return ProvenanceStep(
      action: "quantize", tool: Provenance.tool, options: options,
      inputs: try Provenance.inputs(of: loaded), notes: notes,
      timestamp: Provenance.timestamp)
  }
}
