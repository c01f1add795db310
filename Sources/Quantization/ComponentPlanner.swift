import FileIO
import ModelGraph
import Tensors

/// Gives what to calibrate a graph on; nil where there is nothing.
public typealias CalibrationProvider =
  @Sendable (_ component: Component, _ graph: Graph) throws -> (any CalibrationData)?

/// Decides about a component: the schemes of its weights, the scales of its activations, and the
/// means by which weights are rounded.
struct ComponentPlanner {
  let recipe: Recipe
  let calibration: CalibrationProvider
  let progress: @Sendable (String) -> Void

  /// The decisions about `original`, whose tensors have the `decisions`.
  ///
  /// - Throws: `QuantizationError`, and what calibration throws.
  func plan(
    _ original: Component, _ decisions: [TensorDecision]
  ) throws -> ComponentQuantization {
    let byName = Dictionary(
      decisions.map { (ByteString($0.tensor.name), $0) }, uniquingKeysWith: { first, _ in first })
    let (component, data) = try migrated(original, byName)
    let layers = WeightUsageAnalysis(graphs: component.graphs).layers
    let recipe = recipe.resolved(isCalibrated: !data.isEmpty)
    let (activations, sites) = ActivationPlanner(
      recipe: recipe, component: component, decisions: byName
    ).plan(layers)
    let parameters = try ActivationCalibration(
      component: component, data: data, progress: progress
    ).parameters(of: sites)
    let targets = targets(decisions, layers)
    if recipe.rounding == .secondOrder {
      try requireData(component, targets.flatMap(\.layers), data)
    }
    let moments = moments(component, targets, data, recipe)
    return ComponentQuantization(
      component: component, decisions: decisions, layers: layers,
      activations: activations.map { $0.with(parameters, in: sites) }, sites: sites,
      parameters: parameters, timesteps: data.mapValues(\.timesteps),
      biases: biases(component, targets, byName, recipe, isMeasured: moments != nil),
      converter: WeightConverter(
        saturates: recipe.saturates,
        settings: RoundingSettings(
          rounding: recipe.rounding ?? .nearest, range: recipe.weightRange ?? .minMax),
        moments: moments))
  }

  /// `original` with its scales moved as the recipe asks, and what each of its graphs is calibrated
  /// on.
  ///
  /// - Throws: as `plan`.
  func migrated(
    _ original: Component, _ decisions: [ByteString: TensorDecision]
  ) throws -> (component: Component, data: [Int: any CalibrationData]) {
    let layers = WeightUsageAnalysis(graphs: original.graphs).layers
    let data = try calibrationData(original, layers, decisions)
    if recipe.smoothing != nil {
      progress("smoothing activations of \(original.label)")
      let wanted = layers.filter { decisions[ByteString($0.weight)]?.isInteger ?? false }
      try requireData(original, wanted, data)
    }
    let migration = Migration(recipe: recipe, decisions: decisions)
    return (try migration.applied(to: original, data), data)
  }

  /// What each graph with integer weights runs on.
  private func calibrationData(
    _ component: Component, _ layers: [ProductLayer], _ decisions: [ByteString: TensorDecision]
  ) throws -> [Int: any CalibrationData] {
    let wanted = layers.filter { decisions[ByteString($0.weight)]?.isInteger ?? false }
    guard recipe.needsCalibration || recipe.rounding == nil else { return [:] }
    var data: [Int: any CalibrationData] = [:]
    for graph in Set(wanted.map(\.graph)).sorted() {
      data[graph] = try calibration(component, component.graphs[graph])
    }
    return data
  }

  private func requireData(
    _ component: Component, _ layers: [ProductLayer], _ data: [Int: any CalibrationData]
  ) throws {
    guard let lacking = layers.first(where: { data[$0.graph] == nil }) else { return }
    throw QuantizationError.noCalibrationData(
      component: component.label, graph: component.graphs[lacking.graph].name)
  }

  /// The integer weights that layers see as matrices, in the order of the weights.
  private func targets(
    _ decisions: [TensorDecision], _ layers: [ProductLayer]
  ) -> [MomentsProvider.Target] {
    let uses = Dictionary(grouping: layers) { ByteString($0.weight) }
    return decisions.compactMap { decision in
      let key = ByteString(decision.tensor.name)
      guard decision.isInteger, let layers = uses[key] else { return nil }
      let matrices = Set(layers.map { WeightMatrix($0, shape: decision.tensor.shape) })
      guard matrices.count == 1, let first = matrices.first, let matrix = first else { return nil }
      return MomentsProvider.Target(
        weight: key, shape: decision.tensor.shape, matrix: matrix, layers: layers)
    }
  }

  private func moments(
    _ component: Component, _ targets: [MomentsProvider.Target],
    _ data: [Int: any CalibrationData], _ recipe: Recipe
  ) -> MomentsProvider? {
    guard recipe.rounding == .secondOrder || recipe.correctsBias == true, !data.isEmpty else {
      return nil
    }
    return MomentsProvider(
      component: component, targets: targets, data: data,
      rowLimit: recipe.calibration.rowLimit, progress: progress)
  }

  private func biases(
    _ component: Component, _ targets: [MomentsProvider.Target],
    _ decisions: [ByteString: TensorDecision], _ recipe: Recipe, isMeasured: Bool
  ) -> BiasPlan {
    var taken = Set(component.weights.tensors.map { ByteString($0.name) })
    for graph in component.graphs {
      taken.formUnion(graph.initializers.map { ByteString($0.name) })
      taken.formUnion(graph.inputs.map { ByteString($0.name) })
      for node in graph.nodes { taken.formUnion(node.outputs.map(ByteString.init)) }
    }
    let plan = BiasPlan(
      component: component, layers: targets.flatMap(\.layers),
      matrices: Dictionary(
        targets.map { ($0.weight, $0.matrix) }, uniquingKeysWith: { first, _ in first }),
      taken: &taken)
    guard recipe.correctsBias == true, isMeasured else { return plan.filtered { _ in false } }
    return plan.filtered { _ in true }.keepingUntouchedBiases(decisions)
  }
}

extension BiasPlan {
  /// The corrections of new biases, and of those that are stored as they are.
  fileprivate func keepingUntouchedBiases(
    _ decisions: [ByteString: TensorDecision]
  ) -> BiasPlan {
    let changed = Set(
      corrections.filter { !$0.isNew && decisions[ByteString($0.bias)]?.scheme != .keep }
        .map(\.weight))
    return filtered { !changed.contains($0) }
  }
}

extension TensorDecision {
  /// Whether the tensor becomes integers.
  var isInteger: Bool { if case .integer = scheme { true } else { false } }
}

extension ActivationDecision {
  /// The decision with the parameters found for its value.
  fileprivate func with(
    _ parameters: [Int: [ByteString: [ScaleParameters]]], in sites: [ActivationSite]
  ) -> ActivationDecision {
    guard case .fixed = scheme else { return self }
    var decision = self
    let key = ByteString(value)
    let site = sites.first { ByteString($0.value) == key && $0.scheme == scheme }
    decision.parameters = (site?.values ?? []).flatMap { value in
      parameters[site?.graph ?? 0]?[ByteString(value)] ?? []
    }
    return decision
  }
}
