import ModelGraph
import Operators
import Tensors

/// All that a node means, as a text (names as they are, to be escaped where it is shown) and the
/// bytes of the tensors in its attributes.
struct NodeSignature: Hashable {
  /// The operator, what it reads, and its attributes by name.
  private(set) var text: String
  /// The elements of tensors among the attributes, in the order of the text.
  private var payloads: [[UInt8]] = []

  /// The signature of `node`; its own name is left out, since it means nothing.
  ///
  /// - Parameter namesValues: whether what it reads and makes belongs to it.
  init(_ node: Node, namesValues: Bool = true) {
    text = node.qualifiedOpType
    if namesValues { text += "(\(node.inputs.joined(separator: ", ")))" }
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
      text += " \(name)=" + describe(value)
    }
    if namesValues, node.outputs.count > 1 {
      text += " → " + node.outputs.joined(separator: ", ")
    }
  }

  /// The signature of an inline constant.
  init(_ tensor: Tensor) {
    text = ""
    text = describe(tensor)
  }

  private mutating func describe(_ value: AttributeValue) -> String {
    switch value {
    case .int(let value): return "\(value)"
    case .float(let value): return "\(value)"
    case .string(let bytes):
      return "\"\(String(decoding: bytes, as: UTF8.self))\""
    case .ints(let values): return "\(values)"
    case .floats(let values): return "\(values)"
    case .strings(let texts):
      return "\(texts.map { String(decoding: $0, as: UTF8.self) })"
    case .tensor(let tensor): return describe(tensor)
    case .tensors(let tensors):
      var parts: [String] = []
      for tensor in tensors { parts.append(describe(tensor)) }
      return parts.joined(separator: ", ")
    case .graph(let graph): return describe(graph)
    case .graphs(let graphs):
      var parts: [String] = []
      for graph in graphs { parts.append(describe(graph)) }
      return parts.joined(separator: ", ")
    }
  }

  private mutating func describe(_ tensor: Tensor) -> String {
    payloads.append(tensor.packedBytes())
    guard tensor.dtype.isInteger, tensor.dtype != .uint64, tensor.elementCount <= 8,
      let values = try? tensor.converted(to: .int64).array(of: Int64.self)
    else { return "\(tensor.dtype.name) \(tensor.shape)" }
    return "\(tensor.dtype.name) \(values)"
  }

  private mutating func describe(_ graph: Graph) -> String {
    var parts: [String] = []
    for initializer in graph.initializers {
      if case .inline(let tensor) = initializer.storage { parts.append(describe(tensor)) }
    }
    for node in graph.nodes {
      let body = NodeSignature(node)
      payloads += body.payloads
      parts.append(body.text)
    }
    return "{ \(parts.joined(separator: "; ")) }"
  }
}
