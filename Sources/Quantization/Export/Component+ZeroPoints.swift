import FileIO
import ModelGraph
import Tensors

extension Component {
  /// The component with a zero point of 0 for each weight that DequantizeLinear reads as int8 and
  /// that has none, one scale a tensor or a channel.
  ///
  /// It changes no number. ONNX Runtime's way to exact sums on processors without VNNI
  /// (`session.x64quantprecision` 1, which makes int8 weights uint8) fails at a weight of several
  /// scales that leaves its zero point out.
  public func withExplicitZeroPoints() -> Component { withGraphs { $0.withExplicitZeroPoints() } }
}

extension Graph {
  fileprivate func withExplicitZeroPoints() -> Graph {
    let index = GraphIndex(self)
    var result = self
    var taken = valueNames
    var zeros: [ByteString: String] = [:]
    for (number, node) in nodes.enumerated() {
      guard let scale = index.scaleWithoutZeroPoint(of: node) else { continue }
      let key = ByteString(scale.name)
      if zeros[key] == nil {
        guard let tensor = try? Tensor(zeros: .int8, scale.shape) else { continue }
        let name = GeneratedNames.free("\(node.outputs[0]).zero_point", &taken)
        result.initializers.append(Initializer(name: name, inline: tensor))
        zeros[key] = name
      }
      guard let name = zeros[key] else { continue }
      result.nodes[number].inputs = Array(node.inputs.prefix(2)) + [name]
    }
    return result
  }
}

extension GraphIndex {
  /// The scale of the int8 weight that `node` dequantizes without a zero point; nil for other nodes
  /// and for blocks.
  fileprivate func scaleWithoutZeroPoint(of node: Node) -> Initializer? {
    guard node.domain.isEmpty, node.opType == "DequantizeLinear", node.inputs.count >= 2,
      node.inputs.count == 2 || node.inputs[2].isEmpty,
      let weight = initializers[ByteString(node.inputs[0])],
      graph.initializers[weight].dtype == .int8,
      let scale = initializers[ByteString(node.inputs[1])],
      graph.initializers[scale].shape.rank <= 1
    else { return nil }
    return graph.initializers[scale]
  }
}
