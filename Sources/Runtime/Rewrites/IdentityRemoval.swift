import ModelGraph
import Operators
import Tensors

/// Has the readers of a copy read the original: Identity, a Cast to the type that a value has, a
/// product with or a quotient by the constant 1.
struct IdentityRemoval: GraphRewrite {
  static let name = "identity"
  static let summary = "Identity, Cast to the same type, products with and quotients by 1 go"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.domain.isEmpty, node.outputs.count == 1,
        !graph.isKept(node.outputs[0]), let original = try original(of: node, graph)
      else { continue }
      graph.redirect(node.outputs[0], to: original)
      graph.remove([index])
    }
    graph.infer()
  }

  /// The value that `node` only copies.
  private func original(of node: Node, _ graph: RewritableGraph) throws -> String? {
    switch node.opType {
    case "Identity" where node.inputs.count == 1: return node.inputs[0]
    case "Cast" where node.inputs.count == 1:
      guard let dtype = graph.type(of: node.inputs[0]).dtype,
        case .int(let code)? = node.attributes["to"],
        code == Int64(dtype.rawValue), code < 27
      else { return nil }
      return node.inputs[0]
    case "Mul" where node.inputs.count == 2:
      return try keeps(node.inputs[0], by: node.inputs[1], graph)
        ?? keeps(node.inputs[1], by: node.inputs[0], graph)
    case "Div" where node.inputs.count == 2:
      return try keeps(node.inputs[0], by: node.inputs[1], graph)
    default: return nil
    }
  }

  /// `value` where `factor` is a 1 that does not stretch it.
  private func keeps(
    _ value: String, by factor: String, _ graph: RewritableGraph
  ) throws -> String? {
    guard try graph.scalar(factor) == 1, let rank = graph.type(of: factor).rank,
      rank == 0 || rank <= graph.type(of: value).rank ?? 0
    else { return nil }
    return value
  }
}
