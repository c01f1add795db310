import ModelGraph

/// Gelu out of the pieces that exporters write.
///
///     exact    ½ · x · (1 + Erf(x / √2))
///     tanh     ½ · x · (1 + Tanh(√(2/π) · (x + 0.044715 · x³)))     x³ as Pow or as products
///
/// in any order of the factors.
struct GeluFusion: GraphRewrite {
  static let name = "gelu"
  static let summary = "Gelu out of Erf or Tanh and products"

  func apply(to graph: inout RewritableGraph) throws {
    // Backwards: the outermost product of a tree comes last.
    for index in graph.nodes.indices.reversed() {
      guard let node = graph.nodes[index], node.isPlain("Mul"), graph.isFloat32(node.outputs[0]),
        let match = try match(index, graph)
      else { continue }
      graph.replace(
        match.nodes,
        by: Node(
          "Gelu", name: node.name, inputs: [match.x], outputs: node.outputs,
          attributes: ["approximate": .text(match.approximate)]))
    }
  }

  private typealias Match = (x: String, nodes: Set<Int>, approximate: String)

  private func match(_ root: Int, _ graph: RewritableGraph) throws -> Match? {
    guard let whole = try ProductFactors(of: root, in: graph, limit: 2), whole.values.count == 2,
      whole.isNear(0.5)
    else { return nil }
    for (x, bracket) in [(0, 1), (1, 0)].map({ (whole.values[$0], whole.values[$1]) }) {
      guard let sum = graph.producer(of: bracket, "Add"), sum.node.inputs.count == 2,
        graph.onlyReader(of: bracket) != nil, let inner = try addedToOne(sum.node, graph),
        let index = graph.producerIndex(of: inner), let function = graph.nodes[index],
        graph.onlyReader(of: inner) != nil
      else { continue }
      let nodes = whole.nodes.union([sum.index, index])
      if function.isPlain("Erf"), let rest = try scaled(function.inputs[0], x, graph) {
        return (x, nodes.union(rest), "none")
      }
      if function.isPlain("Tanh"), let rest = try cubic(function.inputs[0], x, graph) {
        return (x, nodes.union(rest), "tanh")
      }
    }
    return nil
  }

  private func addedToOne(_ sum: Node, _ graph: RewritableGraph) throws -> String? {
    if try graph.isScalar(sum.inputs[0], 1) { return sum.inputs[1] }
    return try graph.isScalar(sum.inputs[1], 1) ? sum.inputs[0] : nil
  }

  /// The nodes that make x / √2.
  private func scaled(
    _ value: String, _ x: String, _ graph: RewritableGraph
  ) throws -> Set<Int>? {
    guard let root = graph.producerIndex(of: value), graph.onlyReader(of: value) != nil,
      let factors = try ProductFactors(of: root, in: graph, limit: 1), factors.values == [x],
      factors.isNear(0.5.squareRoot())
    else { return nil }
    return factors.nodes
  }

  /// The nodes that make √(2/π) · (x + 0.044715 · x³).
  private func cubic(_ value: String, _ x: String, _ graph: RewritableGraph) throws -> Set<Int>? {
    guard let root = graph.producerIndex(of: value), graph.onlyReader(of: value) != nil,
      let factors = try ProductFactors(of: root, in: graph, limit: 1), factors.values.count == 1,
      factors.isNear((2 / Double.pi).squareRoot()),
      let sum = graph.producer(of: factors.values[0], "Add"), sum.node.inputs.count == 2,
      graph.onlyReader(of: factors.values[0]) != nil,
      let term = sum.node.inputs.first(where: { $0 != x }), sum.node.inputs.contains(x),
      let product = graph.producerIndex(of: term), graph.onlyReader(of: term) != nil,
      let cube = try ProductFactors(of: product, in: graph, limit: 3), cube.isNear(0.044715)
    else { return nil }
    let nodes = factors.nodes.union(cube.nodes).union([sum.index])
    if cube.values == [x, x, x] { return nodes }
    guard cube.values.count == 1, let power = graph.producer(of: cube.values[0], "Pow"),
      power.node.inputs[0] == x, try graph.isScalar(power.node.inputs[1], 3),
      graph.onlyReader(of: cube.values[0]) != nil
    else { return nil }
    return nodes.union([power.index])
  }
}
