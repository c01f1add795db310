import FileIO
import ModelGraph
import Operators
import Tensors

/// A value of a graph that is to be quantized on its way into some layers.
struct ActivationSite: Sendable {
  /// The graph's number in its component.
  let graph: Int
  /// The value.
  let value: String
  /// What it becomes.
  let scheme: ActivationScheme
  /// The nodes, by number, whose input of that number takes the quantized value.
  var users: [(node: Int, input: Int)]
  /// The values concatenated to make `value`, each quantized by itself; empty to quantize `value`.
  let parts: [String]
}

/// Decides for every layer of a component how its activation is quantized.
struct ActivationPlanner {
  let recipe: Recipe
  let component: Component
  /// The weights' decisions, by name.
  let decisions: [ByteString: TensorDecision]

  /// A decision for each layer, and the sites of those that are quantized.
  func plan(_ layers: [ProductLayer]) -> (decisions: [ActivationDecision], sites: [ActivationSite])
  {
    let types = component.graphs.map { (try? ShapeInference().infer($0)) ?? [:] }
    let ends = component.graphs.enumerated().map { number, graph in
      EndLayers(graph, layers.filter { $0.graph == number })
    }
    var planned: [ActivationDecision] = []
    var sites: [ActivationSite] = []
    for layer in layers {
      let (scheme, reason) = scheme(
        of: layer, types[layer.graph], isEnd: ends[layer.graph].contains(layer.index))
      planned.append(
        ActivationDecision(
          component: component.label, layer: layer.node.label, weight: layer.weight,
          value: layer.activation, scheme: scheme, reason: reason))
      guard scheme != .none else { continue }
      let user = (node: layer.index, input: layer.activationInput)
      if let index = sites.firstIndex(where: {
        $0.graph == layer.graph && ByteString($0.value) == ByteString(layer.activation)
          && $0.scheme == scheme
      }) {
        sites[index].users.append(user)
      } else {
        sites.append(
          ActivationSite(
            graph: layer.graph, value: layer.activation, scheme: scheme, users: [user],
            parts: parts(of: layer.activation, in: component.graphs[layer.graph])))
      }
    }
    return (planned, sites)
  }

  private func scheme(
    of layer: ProductLayer, _ types: [ByteString: KnownValue], isEnd: Bool
  ) -> (ActivationScheme, String) {
    if let rule = recipe.rules.first(where: { $0.matches(layer.weight) }),
      let scheme = rule.activations
    {
      return (scheme, "rule \(rule.pattern)")
    }
    guard recipe.activations != .none else { return (.none, "not asked for") }
    let weight = decisions[ByteString(layer.weight)]
    guard case .integer? = weight?.scheme else {
      return (.none, "its weight is \(weight.map { "\($0.scheme)" } ?? "kept")")
    }
    let dtype = types[ByteString(layer.activation)]?.type.dtype ?? .float32
    guard dtype == .float32 else { return (.none, "it is \(dtype.name)") }
    if isEnd, !recipe.quantizesEnds { return (.none, "it is at an end of the graph") }
    return (recipe.activations, "")
  }

  /// The inputs of the Concat that makes `value`, where all of them vary.
  func parts(of value: String, in graph: Graph) -> [String] {
    guard recipe.splitsConcatenations else { return [] }
    let key = ByteString(value)
    guard
      let node = graph.nodes.first(where: { $0.outputs.contains { ByteString($0) == key } }),
      node.opType == "Concat", node.domain.isEmpty, node.inputs.count > 1
    else { return [] }
    let constants = Set(graph.initializers.map { ByteString($0.name) })
    return node.inputs.contains { constants.contains(ByteString($0)) } ? [] : node.inputs
  }
}
