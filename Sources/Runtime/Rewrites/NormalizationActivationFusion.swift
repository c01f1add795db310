import ModelGraph
import Operators

/// GroupNormalization and the activation that reads its result, in one operator.
struct NormalizationActivationFusion: GraphRewrite {
  static let name = "normalization-activation"
  static let summary = "GroupNormalization takes the activation after it along"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("GroupNormalization"),
        let activation = try FusableActivation(of: node.outputs[0], in: graph)
      else { continue }
      var fused = node
      fused.domain = FusedOperators.domain
      fused.attributes["stash_type"] = nil
      fused.attributes.merge(activation.attributes) { $1 }
      fused.outputs = [activation.output]
      graph.replace([index, activation.index], by: fused)
    }
  }
}
