import ModelGraph

/// Swish (SiLU) out of x · Sigmoid(x).
struct SwishFusion: GraphRewrite {
  static let name = "swish"
  static let summary = "x · Sigmoid(x) becomes Swish"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("Mul"), node.inputs.count == 2,
        graph.isFloat32(node.outputs[0])
      else { continue }
      for (value, other) in [(0, 1), (1, 0)] {
        let gate = node.inputs[other]
        guard let sigmoid = graph.producer(of: gate, "Sigmoid"),
          sigmoid.node.inputs == [node.inputs[value]], graph.isInner(gate, to: [index])
        else { continue }
        graph.replace(
          [index, sigmoid.index],
          by: Node("Swish", name: node.name, inputs: [node.inputs[value]], outputs: node.outputs))
        break
      }
    }
  }
}

extension Node {
  /// Whether it is the operator of ai.onnx of that name.
  func isPlain(_ opType: String) -> Bool { domain.isEmpty && self.opType == opType }
}
