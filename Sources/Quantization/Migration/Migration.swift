import FileIO
import ModelGraph
import Tensors

/// Moves scales between weights and activations before anything is quantized, without changing what
/// the component computes: equalisation first, then smoothing.
struct Migration {
  let recipe: Recipe
  let decisions: [ByteString: TensorDecision]

  /// `component` with the scales moved as the recipe asks.
  ///
  /// - Parameter data: what each graph is calibrated on.
  /// - Throws: what running the graphs throws; the weights' error.
  func applied(
    to component: Component, _ data: [Int: any CalibrationData]
  ) throws -> Component {
    var component = component
    let excluded = excluded(component)
    if recipe.equalizes {
      component = try Equalization(component: component, excluded: excluded).applied()
    }
    guard let strength = recipe.smoothing else { return component }
    let layers = WeightUsageAnalysis(graphs: component.graphs).layers
    let planner = ActivationPlanner(recipe: recipe, component: component, decisions: decisions)
    let quantized = zip(layers, planner.plan(layers).decisions).filter { $1.scheme != .none }
    return try Smoothing(
      component: component, strength: strength, layers: quantized.map(\.0),
      parts: { planner.parts(of: $0, in: $1) }, excluded: excluded
    ).applied(data)
  }

  /// Weights that several graphs use, that a body of control flow may use, or that hold no plain
  /// floating-point numbers.
  private func excluded(_ component: Component) -> Set<ByteString> {
    var seen: Set<ByteString> = []
    var excluded: Set<ByteString> = []
    for graph in component.graphs {
      let names = Set(graph.initializers.compactMap(\.weightName).map(ByteString.init))
      excluded.formUnion(names.intersection(seen))
      seen.formUnion(names)
      for body in graph.nodes.flatMap(\.subgraphs) {
        excluded.formUnion(body.initializers.compactMap(\.weightName).map(ByteString.init))
      }
    }
    for tensor in component.weights.tensors
    where ![.float32, .float16, .bfloat16].contains(tensor.dtype) {
      excluded.insert(ByteString(tensor.name))
    }
    for (name, entry) in component.quantization {
      excluded.formUnion([name, entry.scale, entry.zeroPoint ?? name].map(ByteString.init))
    }
    return excluded
  }
}
