import ModelGraph
import Operators
import Tensors

/// Integer layers out of what ONNX Runtime's `quantize_dynamic` writes.
///
///     DynamicQuantizeLinear(x) → MatMulInteger | ConvInteger(constant w) → Cast(fp32)
///     → Mul(· , Mul(x_scale, constant w_scale))
struct DynamicIntegerFusion: GraphRewrite {
  static let name = "dynamic-integers"
  static let summary = "MatMulInteger and ConvInteger with Cast and scales become integer layers"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.domain.isEmpty,
        node.opType == "MatMulInteger" || node.opType == "ConvInteger",
        let match = match(index, node, graph)
      else { continue }
      let weight = graph.freshName(node.inputs[1])
      let zeroPoint = node.inputs.count > 3 ? [node.inputs[3]] : []
      let isConv = node.opType == "ConvInteger"
      graph.replace(
        [index],
        by: Node(
          "DequantizeLinear", inputs: [node.inputs[1], match.weightScale] + zeroPoint,
          outputs: [weight], attributes: ["axis": .int(isConv ? 0 : 1)]))
      graph.replace(
        match.after,
        by: Node(
          isConv ? "QuantizedConv" : "QuantizedMatMul", name: node.name,
          domain: FusedOperators.domain,
          inputs: [node.inputs[0], match.scale, node.inputs[2], weight], outputs: [match.output],
          attributes: node.attributes))
    }
  }

  private struct Match {
    let scale: String
    let weightScale: String
    let output: String
    /// The nodes after the product.
    let after: Set<Int>
  }

  private func match(_ index: Int, _ node: Node, _ graph: RewritableGraph) -> Match? {
    guard node.inputs.count >= 3,
      let (_, source) = graph.producer(of: node.inputs[0], "DynamicQuantizeLinear"),
      source.outputs.count == 3, source.outputs[2] == node.inputs[2],
      source.outputs[0] == node.inputs[0],
      let (castIndex, cast) = graph.onlyReader(of: node.outputs[0]), cast.opType == "Cast",
      cast.int("to") == Int64(DType.float32.rawValue),
      let (mulIndex, mul) = graph.onlyReader(of: cast.outputs[0]), mul.opType == "Mul",
      let scales = mul.inputs.first(where: { $0 != cast.outputs[0] }),
      let (_, product) = graph.producer(of: scales, "Mul"),
      let weightScale = product.inputs.first(where: { $0 != source.outputs[1] }),
      product.inputs.contains(source.outputs[1]),
      fits(node, weightScale, graph)
    else { return nil }
    return Match(
      scale: source.outputs[1], weightScale: weightScale, output: mul.outputs[0],
      after: [castIndex, mulIndex])
  }

  /// Whether weight, scale and zero point are constants of a form that the kernels take.
  private func fits(_ node: Node, _ scale: String, _ graph: RewritableGraph) -> Bool {
    guard let weight = graph.initializerShape(node.inputs[1]), weight.elementCount > 0,
      let scales = graph.initializerShape(scale), graph.isFloat32(scale)
    else { return false }
    if node.inputs.count > 3, !node.inputs[3].isEmpty {
      guard let zeros = graph.initializerShape(node.inputs[3]),
        zeros.elementCount == scales.elementCount
      else { return false }
    }
    if node.opType == "ConvInteger" {
      return (3...4).contains(weight.rank) && scales.elementCount == 1 && node.hasStatedPadding
    }
    return weight.rank == 2
      && (scales.elementCount == 1 || scales.rank == 1 && scales[0] == weight[1])
  }
}
