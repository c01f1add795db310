import FileIO
import ModelGraph

/// The layers at the ends of a graph: one that alone takes an input of the graph, and one that makes
/// an output, with nothing between but moves and operators on single elements with constants.
///
/// What rounding takes there is taken from the sample and from the prediction themselves. A few-step
/// student's estimate (x − σ·ε) / α divides that by α, which is 0.068 for one step from t = 999.
struct EndLayers {
  private var nodes: Set<Int> = []

  /// The ends of `graph`, whose products are `layers`.
  init(_ graph: Graph, _ layers: [ProductLayer]) {
    let index = GraphIndex(graph)
    let products = Set(layers.map(\.index))
    insertFirst(index, layers)
    for output in graph.outputs { insertLast(ByteString(output.name), index, products) }
  }

  /// Whether the node of that number is at an end.
  func contains(_ node: Int) -> Bool { nodes.contains(node) }

  private mutating func insertFirst(_ index: GraphIndex, _ layers: [ProductLayer]) {
    var origins: [ByteString: ByteString] = [:]
    for input in index.graph.inputs { origins[ByteString(input.name)] = ByteString(input.name) }
    for node in index.graph.nodes {
      guard let passed = index.passedValue(of: node), let origin = origins[passed],
        let output = node.outputs.first
      else { continue }
      origins[ByteString(output)] = origin
    }
    var takers: [ByteString: [Int]] = [:]
    for layer in layers {
      guard let origin = origins[ByteString(layer.activation)] else { continue }
      takers[origin, default: []].append(layer.index)
    }
    for taker in takers.values where taker.count == 1 { nodes.formUnion(taker) }
  }

  private mutating func insertLast(
    _ output: ByteString, _ index: GraphIndex, _ products: Set<Int>
  ) {
    var value = output
    while let producer = index.producers[value] {
      if products.contains(producer) { nodes.insert(producer) }
      guard let passed = index.passedValue(of: index.graph.nodes[producer]) else { return }
      value = passed
    }
  }
}

extension GraphIndex {
  /// The value whose elements `node` gives again, moved or each changed by itself; nil where it
  /// does something else, or takes several that vary.
  fileprivate func passedValue(of node: Node) -> ByteString? {
    guard node.domain.isEmpty else { return nil }
    let inputs = node.inputs.map { ByteString($0) }
    if Self.unary.contains(node.opType) { return inputs.first }
    guard Self.binary.contains(node.opType) else { return nil }
    let varying = inputs.filter { !constants.contains($0) }
    return varying.count == 1 ? varying[0] : nil
  }

  /// Operators on the elements of their first input.
  private static let unary: Set<String> = [
    "Cast", "Clip", "DepthToSpace", "Flatten", "Identity", "Neg", "Pad", "Relu", "Reshape",
    "Sigmoid", "SpaceToDepth", "Squeeze", "Tanh", "Transpose", "Unsqueeze",
  ]

  /// Operators on the elements of two inputs.
  private static let binary: Set<String> = ["Add", "Div", "Mul", "Sub"]
}
