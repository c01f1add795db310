import FileIO
import ModelGraph
import Tensors

/// A model whose weights are quantized as they are read.
public struct QuantizedModel: Sendable {
  /// The model: graphs rewritten, weights behind `QuantizedSource`s.
  public let model: Model
  /// What was decided, component by component, tensor by tensor.
  public let decisions: [[TensorDecision]]
  private let sources: [QuantizedSource]

  init(model: Model, decisions: [[TensorDecision]], sources: [QuantizedSource]) {
    self.model = model
    self.decisions = decisions
    self.sources = sources
  }

  /// A line for each tensor that has been read so far, in the model's order.
  public var accounts: [TensorAccount] { sources.flatMap(\.accounts) }

  /// Quantizes without writing, so that `accounts` is complete.
  public func readAll() throws {
    for source in sources { try source.readAll() }
  }
}

/// Quantizes the weights of a model by a recipe.
public struct ModelQuantizer: Sendable {
  private let recipe: Recipe

  /// Quantizes by `recipe`.
  public init(recipe: Recipe) { self.recipe = recipe }

  /// The quantized form of `model`; weights are read when the result's are.
  ///
  /// - Throws: `QuantizationError` for patterns that match nothing and tensors quantized already.
  public func quantize(_ model: Model) throws -> QuantizedModel {
    let decisions = try QuantizationPlanner(recipe: recipe).plan(model)
    var quantized = model
    var sources: [QuantizedSource] = []
    for index in model.components.indices {
      let (component, source) = try quantize(model.components[index], decisions[index])
      quantized.components[index] = component
      sources.append(source)
    }
    return QuantizedModel(model: quantized, decisions: decisions, sources: sources)
  }

  private func quantize(
    _ component: Component, _ decisions: [TensorDecision]
  ) throws -> (Component, QuantizedSource) {
    var taken = Set(component.weights.tensors.map { ByteString($0.name) })
    let names = decisions.map { decision -> GeneratedNames? in
      guard case .integer(let scheme) = decision.scheme else { return nil }
      return GeneratedNames(
        for: decision.tensor.name, isSymmetric: scheme.isSymmetric, taken: &taken)
    }
    let source = try QuantizedSource(
      original: component.weights, decisions: decisions, names: names,
      saturates: recipe.saturates)
    var quantized = component
    quantized.weights = source
    let rewriter = GraphQuantizer(decisions, names)
    quantized.graphs = component.graphs.map(rewriter.rewrite)
    for (decision, names) in zip(decisions, names) {
      guard case .integer(let scheme) = decision.scheme, let names,
        let granularity = decision.granularity
      else { continue }
      quantized.quantization[decision.tensor.name] = TensorQuantization(
        originalType: decision.tensor.dtype, granularity: granularity, scale: names.scale,
        zeroPoint: names.zeroPoint, isSymmetric: scheme.isSymmetric)
    }
    return (quantized, source)
  }
}
