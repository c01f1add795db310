import ModelGraph
import Operators

/// MatMul of fp32 by a constant matrix with what follows it: a bias a column, a value added, an
/// activation, or several in this order.
struct ProductFusion: GraphRewrite {
  static let name = "product"
  static let summary = "MatMul takes a bias, an Add and an activation after it along"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("MatMul"), node.inputs.count == 2,
        graph.isFloat32(node.inputs[0]), graph.type(of: node.inputs[1]).rank == 2
      else { continue }
      var (last, output, bias) = (index, node.outputs[0], "")
      if let sum = graph.onlyReader(of: output), sum.node.isPlain("Add"),
        let other = sum.node.inputs.first(where: { $0 != output }), graph.isInitializer(other),
        graph.isFloat32(other), graph.type(of: other).shape?.rank == 1
      {
        (last, output, bias) = (sum.index, sum.node.outputs[0], other)
      }
      let tail = try ProductTail(after: output, at: last, in: graph)
      let nodes = tail.nodes.union([index])
      guard nodes.count > 1 else { continue }
      graph.replace(
        nodes,
        by: Node(
          "MatMul", name: node.name, domain: FusedOperators.domain,
          inputs: node.inputs + [bias] + (tail.residual.map { [$0] } ?? []),
          outputs: [tail.output], attributes: tail.attributes))
    }
  }
}
