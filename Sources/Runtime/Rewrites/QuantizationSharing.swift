import ModelGraph

/// Quantizes a value once where several layers quantize it alike.
///
/// QuantizeLinear, DynamicQuantizeLinear and DequantizeLinear with the same inputs and attributes
/// give the same results.
struct QuantizationSharing: GraphRewrite {
  static let name = "shared-quantization"
  static let summary = "equal QuantizeLinear and DequantizeLinear of a value become one"

  private struct Key: Hashable {
    let opType: String
    let inputs: [String]
    let attributes: [String]
    let outputCount: Int
  }

  func apply(to graph: inout RewritableGraph) throws {
    var first: [Key: [String]] = [:]
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], let key = Self.key(node) else { continue }
      guard let outputs = first[key] else {
        first[key] = node.outputs
        continue
      }
      guard !node.outputs.contains(where: graph.isKept) else { continue }
      for (old, new) in zip(node.outputs, outputs) { graph.redirect(old, to: new) }
      graph.remove([index])
    }
  }

  private static func key(_ node: Node) -> Key? {
    guard node.domain.isEmpty,
      ["QuantizeLinear", "DynamicQuantizeLinear", "DequantizeLinear"].contains(node.opType),
      node.outputs.allSatisfy({ !$0.isEmpty })
    else { return nil }
    var attributes: [String] = []
    for (name, value) in node.attributes {
      guard case .int(let number) = value else { return nil }
      attributes.append("\(name)=\(number)")
    }
    return Key(
      opType: node.opType, inputs: node.inputs, attributes: attributes.sorted(),
      outputCount: node.outputs.count)
  }
}
