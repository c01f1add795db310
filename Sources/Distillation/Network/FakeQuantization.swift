import FileIO
import ModelGraph
import Tensors

/// Rewrites a network so that its products and convolutions see weights and activations rounded to 8
/// bits, for quantization-aware training.
///
/// Weights: int8, symmetric, a scale for each output channel, max |w| / 127, that follows the weights
/// in every run. Activations: uint8 over their own range in every run (DynamicQuantizeLinear).
/// Gradients pass straight through (Bengio et al., 2013).
public struct FakeQuantization {
  private var graph: Graph
  private let trained: Set<ByteString>
  private var nodes: [Node] = []
  /// Values that stand rounded already, by their names.
  private var rounded: [ByteString: String] = [:]

  /// `graph` with the products and convolutions of the weights `trained` rounded.
  public static func rewrite(_ graph: Graph, trained: [String]) throws -> Graph {
    var rewriting = FakeQuantization(
      graph: graph, trained: Set(trained.map { ByteString($0) }))
    return try rewriting.rewritten()
  }

  private init(graph: Graph, trained: Set<ByteString>) {
    self.graph = graph
    self.trained = trained
  }

  private mutating func rewritten() throws -> Graph {
    for node in graph.nodes {
      var node = node
      if let axis = Self.outputAxis(node), trained.contains(ByteString(node.inputs[1])) {
        node.inputs[1] = try weight(node.inputs[1], axis: axis)
        node.inputs[0] = activation(node.inputs[0])
      }
      nodes.append(node)
    }
    graph.nodes = nodes
    return graph
  }

  /// The axis of input 1 along which the results' channels run; nil for other operators.
  private static func outputAxis(_ node: Node) -> Int? {
    guard node.domain.isEmpty, node.inputs.count >= 2 else { return nil }
    switch node.opType {
    case "Conv": return 0
    case "MatMul": return 1
    case "Gemm":
      if case .int(1)? = node.attributes["transB"] { return 0 }
      return 1
    default: return nil
    }
  }

  private mutating func weight(_ name: String, axis: Int) throws -> String {
    if let done = rounded[ByteString(name)] { return done }
    let shape = graph.initializers.first { $0.name == name }?.shape ?? .scalar
    guard shape.rank >= 2 else { return name }
    let stem = "\(name).int8"
    let others = (0..<shape.rank).filter { $0 != axis }.map(Int64.init)
    let axes = constant("\(stem).axes", try Tensor(others))
    let most = constant("\(stem).most", try Tensor(scalar: Float(127)))
    let least = constant("\(stem).least", try Tensor(scalar: Float.leastNormalMagnitude))
    let zero = constant(
      "\(stem).zero", try Tensor([Int8](repeating: 0, count: shape[axis])))
    let steps: [(String, String, [String], [String: AttributeValue])] = [
      ("StopGradient", "still", [name], [:]), ("Abs", "size", ["\(stem).still"], [:]),
      ("ReduceMax", "largest", ["\(stem).size", axes], ["keepdims": .int(0)]),
      ("Max", "positive", ["\(stem).largest", least], [:]),
      ("Div", "scale", ["\(stem).positive", most], [:]),
      ("QuantizeLinear", "stored", [name, "\(stem).scale", zero], ["axis": .int(Int64(axis))]),
      (
        "DequantizeLinear", "rounded", ["\(stem).stored", "\(stem).scale", zero],
        ["axis": .int(Int64(axis))]
      ),
    ]
    for (opType, output, inputs, attributes) in steps {
      nodes.append(
        Node(
          opType, domain: opType == "StopGradient" ? "imgconv" : "", inputs: inputs,
          outputs: ["\(stem).\(output)"], attributes: attributes))
    }
    rounded[ByteString(name)] = "\(stem).rounded"
    return "\(stem).rounded"
  }

  private mutating func activation(_ name: String) -> String {
    if let done = rounded[ByteString(name)] { return done }
    let stem = "\(name).uint8"
    nodes.append(
      Node(
        "DynamicQuantizeLinear", inputs: [name],
        outputs: ["\(stem).stored", "\(stem).scale", "\(stem).zero"]))
    nodes.append(
      Node(
        "DequantizeLinear", inputs: ["\(stem).stored", "\(stem).scale", "\(stem).zero"],
        outputs: ["\(stem).rounded"]))
    rounded[ByteString(name)] = "\(stem).rounded"
    return "\(stem).rounded"
  }

  private mutating func constant(_ name: String, _ tensor: Tensor) -> String {
    graph.initializers.append(Initializer(name: name, inline: tensor))
    return name
  }
}
