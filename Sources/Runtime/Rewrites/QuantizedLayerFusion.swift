import ModelGraph
import Operators
import Tensors

/// Integer kernels for layers between quantized activations and quantized weights.
///
///     DequantizeLinear(x) → Conv | MatMul | Gemm ← [Transpose ←] DequantizeLinear(constant w)
///
/// with one scale for x (constant or made as the graph runs) and one for w or for each lane of it. A
/// Conv of a Concat of such activations, each with a scale of its own, becomes one layer of
/// several parts.
struct QuantizedLayerFusion: GraphRewrite {
  static let name = "quantized-layers"
  static let summary = "Conv, MatMul and Gemm of dequantized operands become integer layers"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.domain.isEmpty, node.inputs.count >= 2,
        node.outputs.count == 1, graph.isFloat32(node.outputs[0])
      else { continue }
      switch node.opType {
      case "Conv": fuseConv(index, node, &graph)
      case "MatMul": fuseMatMul(index, node, &graph)
      case "Gemm": try fuseGemm(index, node, &graph)
      default: break
      }
    }
  }

  private func fuseConv(_ index: Int, _ node: Node, _ graph: inout RewritableGraph) {
    guard let weight = IntegerWeight(node.inputs[1], lanes: 0, in: graph),
      (3...4).contains(weight.shape.rank), weight.shape.elementCount > 0, node.hasStatedPadding
    else { return }
    let bias = node.inputs.count > 2 ? node.inputs[2] : ""
    if let x = QuantizedActivation(behind: node.inputs[0], in: graph) {
      graph.replace([index], by: layer("QuantizedConv", node, x, bias: bias))
      return
    }
    guard let parts = parts(of: node, channels: weight.shape[1], graph) else { return }
    var made = layer("QuantizedConv", node, parts[0].activation, bias: bias)
    made.attributes["channels"] = .ints(parts.map { Int64($0.channels) })
    // Between the bias and further parts: addend, scale and zero point of the result.
    made.inputs += ["", "", ""]
    made.inputs += parts.dropFirst().flatMap {
      [$0.activation.bytes, $0.activation.scale, $0.activation.zeroPoint]
    }
    graph.replace([index], by: made)
  }

  private typealias Part = (activation: QuantizedActivation, channels: Int)

  /// The activations that a Concat along the channels joins, where they make `channels` together.
  private func parts(of node: Node, channels: Int, _ graph: RewritableGraph) -> [Part]? {
    guard let (_, concat) = graph.producer(of: node.inputs[0], "Concat"), node.groupCount == 1,
      case .int(let axis)? = concat.attributes["axis"],
      let rank = graph.type(of: node.inputs[0]).rank, axis == 1 || Int(axis) == 1 - rank
    else { return nil }
    var parts: [Part] = []
    for value in concat.inputs {
      guard let activation = QuantizedActivation(behind: value, in: graph),
        let dimensions = graph.type(of: value).dimensions, dimensions.count == rank,
        case .fixed(let count) = dimensions[1], count > 0
      else { return nil }
      parts.append((activation, count))
    }
    return parts.reduce(0) { $0 + $1.channels } == channels ? parts : nil
  }

  private func fuseMatMul(_ index: Int, _ node: Node, _ graph: inout RewritableGraph) {
    guard let weight = IntegerWeight(node.inputs[1], lanes: 1, in: graph), weight.shape.rank == 2,
      weight.shape.elementCount > 0, let x = QuantizedActivation(behind: node.inputs[0], in: graph)
    else { return }
    graph.replace([index], by: layer("QuantizedMatMul", node, x, bias: ""))
  }

  private func fuseGemm(_ index: Int, _ node: Node, _ graph: inout RewritableGraph) throws {
    let isTransposed = node.int("transB") != 0
    let lanes = isTransposed ? 0 : 1
    guard node.float("alpha", default: 1) == 1, node.float("beta", default: 1) == 1,
      node.int("transA") == 0,
      let weight = IntegerWeight(node.inputs[1], lanes: lanes, in: graph), weight.shape.rank == 2,
      weight.shape.elementCount > 0, let x = QuantizedActivation(behind: node.inputs[0], in: graph)
    else { return }
    let bias = node.inputs.count > 2 ? node.inputs[2] : ""
    if !bias.isEmpty {
      guard let shape = graph.type(of: bias).shape, graph.isFloat32(bias),
        shape == [weight.shape[lanes]] || shape == [1, weight.shape[lanes]]
      else { return }
    }
    var made = layer("QuantizedMatMul", node, x, bias: bias)
    made.attributes = ["transB": .int(isTransposed ? 1 : 0)]
    graph.replace([index], by: made)
  }

  private func layer(
    _ opType: String, _ node: Node, _ x: QuantizedActivation, bias: String
  ) -> Node {
    Node(
      opType, name: node.name, domain: FusedOperators.domain,
      inputs: [x.bytes, x.scale, x.zeroPoint, node.inputs[1], bias], outputs: node.outputs,
      attributes: node.attributes)
  }
}

extension Node {
  /// An integer attribute, 0 where it is not stated.
  func int(_ name: String) -> Int64 {
    if case .int(let value)? = attributes[name] { value } else { 0 }
  }

  /// The attribute `group` of a convolution.
  fileprivate var groupCount: Int64 {
    if case .int(let count)? = attributes["group"] { count } else { 1 }
  }

  /// Whether a convolution's padding does not depend on the image.
  var hasStatedPadding: Bool {
    guard case .string(let bytes)? = attributes["auto_pad"] else { return true }
    return ["NOTSET", "VALID", ""].contains(String(decoding: bytes, as: UTF8.self))
  }
}
