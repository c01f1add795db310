import ModelGraph

/// An activation that kernels apply while they write their result.
struct FusableActivation {
  /// The number of its node.
  let index: Int
  /// What it makes.
  let output: String
  /// The attributes that tell a fused operator of it.
  let attributes: [String: AttributeValue]

  /// The activation that alone reads `value`, where there is one of a kind that is fused.
  init?(of value: String, in graph: RewritableGraph) throws {
    guard let (index, node) = graph.onlyReader(of: value), node.domain.isEmpty,
      graph.isFloat32(value), node.inputs.first == value,
      let attributes = try Self.attributes(of: node, graph)
    else { return nil }
    self.index = index
    output = node.outputs[0]
    self.attributes = attributes
  }

  private static func attributes(
    of node: Node, _ graph: RewritableGraph
  ) throws -> [String: AttributeValue]? {
    func named(_ name: String, _ alpha: Float? = nil, _ beta: Float? = nil)
      -> [String: AttributeValue]
    {
      var attributes: [String: AttributeValue] = ["activation": .text(name)]
      attributes["activation_alpha"] = alpha.map { .float($0) }
      attributes["activation_beta"] = beta.map { .float($0) }
      return attributes
    }
    switch node.opType {
    case "Relu", "Sigmoid", "Tanh", "HardSwish": return named(node.opType)
    case "Swish": return node.float("alpha", default: 1) == 1 ? named("Swish") : nil
    case "Gelu":
      guard case .string(let bytes)? = node.attributes["approximate"] else { return named("Gelu") }
      return named(String(decoding: bytes, as: UTF8.self) == "tanh" ? "GeluTanh" : "Gelu")
    case "LeakyRelu": return named("LeakyRelu", node.float("alpha", default: 0.01))
    case "HardSigmoid":
      return named(
        "HardSigmoid", node.float("alpha", default: 0.2), node.float("beta", default: 0.5))
    case "Clip":
      guard node.inputs.count == 3, let low = try graph.scalar(node.inputs[1]),
        let high = try graph.scalar(node.inputs[2]), low <= high
      else { return nil }
      return named("Clip", low, high)
    default: return nil
    }
  }
}

extension Node {
  /// A float attribute, `fallback` where it is not stated.
  func float(_ name: String, default fallback: Float) -> Float {
    if case .float(let value)? = attributes[name] { value } else { fallback }
  }
}
