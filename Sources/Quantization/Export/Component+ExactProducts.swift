import FileIO
import ModelGraph
import Tensors

extension Component {
  /// The component with a Reshape to the same extents behind each DequantizeLinear of a weight that
  /// MatMul or Gemm multiplies by an activation which is not quantized.
  ///
  /// It changes no number. ONNX Runtime from 1.20 on makes DequantizeLinear → MatMul a MatMulNBits,
  /// which by default (`session.qdq_matmulnbits_accuracy_level` 4) rounds the activation to 8 bits
  /// too; the Reshape keeps it from doing so.
  public func withExactProducts() -> Component { withGraphs { $0.withExactProducts() } }

  /// The component with each of its graphs changed.
  func withGraphs(_ change: (Graph) -> Graph) -> Component {
    var result = self
    result.graphs = graphs.map(change)
    return result
  }
}

extension Graph {
  fileprivate func withExactProducts() -> Graph {
    let index = GraphIndex(self)
    let shielded = Set(nodes.compactMap { index.weightDequantizer(of: $0) })
    guard !shielded.isEmpty else { return self }
    var result = self
    var taken = valueNames
    var shapes: [Int: String] = [:]
    result.nodes = nodes.enumerated().flatMap { number, node -> [Node] in
      guard shielded.contains(number), let rank = index.rankOfInput(node),
        let shape = result.zeros(rank, &shapes, &taken)
      else { return [node] }
      var shifted = node
      let real = node.outputs[0]
      let inner = GeneratedNames.free("\(real).dequantized", &taken)
      shifted.outputs = [inner]
      if !shifted.name.isEmpty { shifted.name = inner }
      return [
        shifted, Node("Reshape", name: real, inputs: [inner, shape], outputs: [real]),
      ]
    }
    return result
  }

  /// The name of a constant of `rank` zeros, which a Reshape reads as the extents that are there.
  private mutating func zeros(
    _ rank: Int, _ names: inout [Int: String], _ taken: inout Set<ByteString>
  ) -> String? {
    if let name = names[rank] { return name }
    guard let tensor = try? Tensor([Int64](repeating: 0, count: rank)) else { return nil }
    let name = GeneratedNames.free("same_extents.\(rank)", &taken)
    names[rank] = name
    initializers.append(Initializer(name: name, inline: tensor))
    return name
  }
}

extension GraphIndex {
  /// The number of the DequantizeLinear that makes the weight of the product `node`, where its
  /// activation is made by none.
  fileprivate func weightDequantizer(of node: Node) -> Int? {
    guard node.domain.isEmpty, node.opType == "MatMul" || node.opType == "Gemm",
      node.inputs.count >= 2, dequantizer(of: node.inputs[0]) == nil
    else { return nil }
    return dequantizer(of: node.inputs[1])
  }

  /// The number of the DequantizeLinear that makes `value`, elements moved at most.
  private func dequantizer(of value: String) -> Int? {
    var value = value
    while let number = producers[ByteString(value)] {
      let node = graph.nodes[number]
      switch node.opType {
      case "DequantizeLinear": return number
      case "Transpose", "Identity", "Cast": value = node.inputs[0]
      default: return nil
      }
    }
    return nil
  }

  /// How many axes the initializer has that `node` reads first.
  fileprivate func rankOfInput(_ node: Node) -> Int? {
    node.inputs.first.flatMap { initializers[ByteString($0)] }.map {
      graph.initializers[$0].shape.rank
    }
  }
}
