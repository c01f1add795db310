import ModelGraph
import Operators
import Tensors

/// What follows an integer layer, done as its kernel writes the result: Add of a bias, Add of a
/// tensor of the result's shape, an activation, QuantizeLinear; in this order, each where it is the
/// only reader of what is before.
struct QuantizedEpilogueFusion: GraphRewrite {
  static let name = "quantized-epilogues"
  static let summary = "integer layers add, activate and quantize as they write their result"

  private static let layers = ["QuantizedConv", "QuantizedMatMul"]
  private static let inputCount = 8
  private static let bias = 4
  private static let addend = 5
  private static let scale = 6
  private static let zeroPoint = 7

  func apply(to graph: inout RewritableGraph) throws {
    for start in graph.nodes.indices {
      var index = start
      while let node = graph.nodes[index], node.domain == FusedOperators.domain,
        Self.layers.contains(node.opType), node.input(Self.scale).isEmpty,
        let next = try step(index, node, &graph)
      {
        index = next
      }
    }
  }

  /// Takes one more node in and gives back the number the layer then has; nil where there is none.
  private func step(
    _ index: Int, _ node: Node, _ graph: inout RewritableGraph
  ) throws -> Int? {
    var made = node
    made.inputs += [String](repeating: "", count: max(0, Self.inputCount - node.inputs.count))
    let taken: Int
    if node.attributes["activation"] == nil, let sum = try addition(&made, &graph) {
      taken = sum
    } else if node.attributes["activation"] == nil,
      let activation = try FusableActivation(of: node.outputs[0], in: graph)
    {
      made.attributes.merge(activation.attributes) { _, new in new }
      made.outputs = [activation.output]
      taken = activation.index
    } else if let quantization = quantization(&made, graph) {
      taken = quantization
    } else {
      return nil
    }
    graph.replace([index, taken], by: made)
    return max(index, taken)
  }

  private func addition(_ made: inout Node, _ graph: inout RewritableGraph) throws -> Int? {
    let value = made.outputs[0]
    guard let (index, sum) = graph.onlyReader(of: value), sum.isPlainAdd,
      let other = sum.inputs.first(where: { $0 != value }), graph.isFloat32(other)
    else { return nil }
    if made.inputs[Self.bias].isEmpty, made.inputs[Self.addend].isEmpty,
      let bias = try bias(other, of: made, &graph)
    {
      made.inputs[Self.bias] = bias
    } else if made.inputs[Self.addend].isEmpty, isAlike(other, value, graph) {
      made.inputs[Self.addend] = other
    } else {
      return nil
    }
    made.outputs = sum.outputs
    return index
  }

  /// The value that has one element a lane, where adding `other` adds that.
  private func bias(
    _ other: String, of layer: Node, _ graph: inout RewritableGraph
  ) throws -> String? {
    guard let dimensions = graph.type(of: layer.outputs[0]).dimensions, dimensions.count >= 2,
      let shape = graph.type(of: other).shape
    else { return nil }
    if layer.opType == "QuantizedMatMul" {
      return shape.rank == 1 && dimensions.last == .fixed(shape[0]) ? other : nil
    }
    guard case .fixed(let lanes) = dimensions[1], shape.elementCount == lanes,
      shape.rank == dimensions.count || shape.rank == dimensions.count - 1,
      shape[shape.rank - dimensions.count + 1] == lanes,
      let constant = try graph.constant(other, limit: 1 << 16)
    else { return nil }
    return graph.addConstant(constant.reshaped([lanes]), hint: other)
  }

  /// Whether two values are known to have the same extents.
  private func isAlike(_ a: String, _ b: String, _ graph: RewritableGraph) -> Bool {
    guard let dimensions = graph.type(of: b).dimensions, !dimensions.contains(.unknown) else {
      return false
    }
    return graph.type(of: a).dimensions == dimensions
  }

  private func quantization(_ made: inout Node, _ graph: RewritableGraph) -> Int? {
    let value = made.outputs[0]
    guard let (index, node) = graph.onlyReader(of: value), node.opType == "QuantizeLinear",
      node.domain.isEmpty, node.inputs.first == value, node.inputs.count >= 2,
      node.hasPlainQuantization, graph.isFloat32(node.inputs[1]),
      graph.type(of: node.inputs[1]).shape?.elementCount == 1
    else { return nil }
    let zeroPoint = node.inputs.count > 2 ? node.inputs[2] : ""
    if !zeroPoint.isEmpty {
      guard let dtype = graph.type(of: zeroPoint).dtype, dtype == .int8 || dtype == .uint8 else {
        return nil
      }
    }
    made.inputs[Self.scale] = node.inputs[1]
    made.inputs[Self.zeroPoint] = zeroPoint
    made.outputs = node.outputs
    return index
  }
}

extension Node {
  /// Input `index`; empty where there are fewer.
  fileprivate func input(_ index: Int) -> String { index < inputs.count ? inputs[index] : "" }

  /// Whether this is ai.onnx's Add of two different values.
  fileprivate var isPlainAdd: Bool {
    opType == "Add" && domain.isEmpty && inputs.count == 2 && inputs[0] != inputs[1]
  }
}
