import FileIO
import ModelGraph
import Tensors

/// A model whose weights are quantized as they are read.
public struct QuantizedModel: Sendable {
  /// The model: graphs rewritten, weights behind `QuantizedSource`s.
  public let model: Model
  /// What was decided about weights, component by component, tensor by tensor.
  public let decisions: [[TensorDecision]]
  /// What was decided about activations, layer by layer.
  public let activations: [ActivationDecision]
  private let sources: [QuantizedSource]

  init(
    model: Model, decisions: [[TensorDecision]], activations: [ActivationDecision],
    sources: [QuantizedSource]
  ) {
    self.model = model
    self.decisions = decisions
    self.activations = activations
    self.sources = sources
  }

  /// A line for each tensor that has been read so far, in the model's order.
  public var accounts: [TensorAccount] { sources.flatMap(\.accounts) }

  /// Quantizes without writing, so that `accounts` is complete.
  public func readAll() throws {
    for source in sources { try source.readAll() }
  }
}

/// Quantizes a model by a recipe.
public struct ModelQuantizer: Sendable {
  private let recipe: Recipe
  private let calibration: CalibrationProvider
  private let progress: @Sendable (String) -> Void
  private let sensitivities: SensitivityCache?

  /// Quantizes by `recipe`.
  ///
  /// - Parameters:
  ///   - calibration: what graphs are run on where the recipe needs or can use it.
  ///   - sensitivities: where measurements for a budget are kept; nil to keep none.
  ///   - progress: is told what is being done.
  public init(
    recipe: Recipe, calibration: @escaping CalibrationProvider = { _, _ in nil },
    sensitivities: SensitivityCache? = nil,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.recipe = recipe
    self.calibration = calibration
    self.sensitivities = sensitivities
    self.progress = progress
  }

  /// The quantized form of `model`; weights are read when the result's are.
  ///
  /// - Throws: `QuantizationError`; what calibration throws.
  public func quantize(
    _ model: Model
  ) throws -> (quantized: QuantizedModel, frontier: BudgetReport?) {
    let decisions = try QuantizationPlanner(recipe: recipe).plan(model)
    let planner = ComponentPlanner(
      recipe: recipe, calibration: calibration, progress: progress)
    let plans = try zip(model.components, decisions).map { try planner.plan($0, $1) }
    let choice = try recipe.budget.map { budget in
      try BudgetPlanner(
        budget: budget, calibration: calibration, cache: sensitivities, progress: progress
      ).choose(plans)
    }
    var quantized = model
    var sources: [QuantizedSource] = []
    for (index, plan) in plans.enumerated() {
      let (component, source) = try plan.assembled(
        choice?.schemes[index] ?? [:], reason: "chosen for the budget \(choice?.budget ?? "")")
      quantized.components[index] = component
      sources.append(source)
    }
    let result = QuantizedModel(
      model: quantized, decisions: sources.map(\.decisions),
      activations: plans.enumerated().flatMap { index, plan in
        plan.activations.map { $0.dropped(choice?.schemes[index] ?? [:]) }
      }, sources: sources)
    return (result, choice?.report)
  }

  /// `model` with scales moved between weights and activations as the recipe asks, not quantized:
  /// it computes the same.
  ///
  /// - Throws: as `quantize`.
  package func migrated(_ model: Model) throws -> Model {
    let decisions = try QuantizationPlanner(recipe: recipe).plan(model)
    let planner = ComponentPlanner(recipe: recipe, calibration: calibration, progress: progress)
    var result = model
    for (index, component) in model.components.enumerated() {
      let byName = Dictionary(
        decisions[index].map { (ByteString($0.tensor.name), $0) },
        uniquingKeysWith: { first, _ in first })
      result.components[index] = try planner.migrated(component, byName).component
    }
    return result
  }
}

extension ActivationDecision {
  /// The decision where weights got other schemes.
  fileprivate func dropped(_ schemes: [ByteString: WeightScheme]) -> ActivationDecision {
    guard let scheme = schemes[ByteString(weight)] else { return self }
    var decision = self
    decision.scheme = .none
    decision.reason = "its weight is \(scheme)"
    decision.parameters = []
    return decision
  }
}
