import ModelGraph
import Tensors

/// GroupNormalization out of what exporters write where their opset lacks it.
///
///     Reshape(x, [0, groups, -1]) → InstanceNormalization(1, 0) → Reshape(shape of x)
///     → Mul(scale [C, 1, …]) → Add(bias [C, 1, …])
///
/// The second Reshape must give the shape of x: by Shape(x), or by constants that agree with it.
struct GroupNormalizationFusion: GraphRewrite {
  static let name = "group-normalization"
  static let summary = "GroupNormalization out of Reshape, InstanceNormalization, Mul and Add"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("InstanceNormalization"),
        let match = try match(index, node, graph)
      else { continue }
      let scale = graph.addConstant(match.scale, hint: node.outputs[0])
      let bias = graph.addConstant(match.bias, hint: node.outputs[0])
      var attributes = node.attributes
      attributes["num_groups"] = .int(Int64(match.groups))
      graph.replace(
        match.nodes,
        by: Node(
          "GroupNormalization", name: node.name, inputs: [match.x, scale, bias],
          outputs: [match.output], attributes: attributes))
    }
  }

  private struct Match {
    let x: String
    let groups: Int
    let scale: Tensor
    let bias: Tensor
    let output: String
    let nodes: Set<Int>
  }

  private func match(_ index: Int, _ node: Node, _ graph: RewritableGraph) throws -> Match? {
    guard let into = graph.producer(of: node.inputs[0], "Reshape"),
      graph.onlyReader(of: node.inputs[0]) != nil, graph.isFloat32(node.inputs[0]),
      let grouped = try graph.constant(into.node.inputs[1])?.integers, grouped.count == 3,
      grouped[0] == 0, grouped[1] > 0, grouped[2] == -1, into.node.isZeroCopied,
      try isAll(1, node.inputs[1], graph), try isAll(0, node.inputs[2], graph),
      let back = graph.onlyReader(of: node.outputs[0]), back.node.isPlain("Reshape"),
      let dimensions = graph.type(of: into.node.inputs[0]).dimensions, dimensions.count >= 2,
      case .fixed(let channels) = dimensions[1],
      try restores(back.node, dimensions, of: into.node.inputs[0], graph),
      let product = graph.onlyReader(of: back.node.outputs[0]), product.node.isPlain("Mul"),
      let scale = try perChannel(product.node, channels, dimensions.count, graph),
      let sum = graph.onlyReader(of: product.node.outputs[0]), sum.node.isPlain("Add"),
      let bias = try perChannel(sum.node, channels, dimensions.count, graph),
      channels % grouped[1] == 0
    else { return nil }
    return Match(
      x: into.node.inputs[0], groups: grouped[1], scale: scale, bias: bias,
      output: sum.node.outputs[0], nodes: [into.index, index, back.index, product.index, sum.index])
  }

  private func isAll(_ number: Float, _ value: String, _ graph: RewritableGraph) throws -> Bool {
    guard let tensor = try graph.constant(value), tensor.dtype == .float32 else { return false }
    return tensor.array(of: Float.self).allSatisfy { $0 == number }
  }

  /// Whether `reshape` gives the shape of `x`.
  private func restores(
    _ reshape: Node, _ dimensions: [Dimension], of x: String, _ graph: RewritableGraph
  ) throws -> Bool {
    if let shape = graph.producer(of: reshape.inputs[1], "Shape") {
      return shape.node.inputs == [x] && shape.node.isWholeShape
    }
    guard let extents = try graph.constant(reshape.inputs[1])?.integers,
      extents.count == dimensions.count
    else { return false }
    // As many elements as before: all extents but one tell the last one.
    let agreeing = zip(extents, dimensions).enumerated().filter { axis, pair in
      pair.1 == .fixed(pair.0) || pair.0 == 0 && axis < dimensions.count && reshape.isZeroCopied
    }
    return agreeing.count == extents.count
      || agreeing.count == extents.count - 1 && extents.contains(-1)
  }

  /// The constant `[C, 1, …]` that `node` combines with the value, as `[C]`.
  private func perChannel(
    _ node: Node, _ channels: Int, _ rank: Int, _ graph: RewritableGraph
  ) throws -> Tensor? {
    let trailing = [Int](repeating: 1, count: rank - 2)
    for input in node.inputs {
      guard let dimensions = graph.type(of: input).shape?.dimensions,
        dimensions == [channels] + trailing || dimensions == [1, channels] + trailing,
        let tensor = try graph.constant(input, limit: 1 << 20), tensor.dtype == .float32
      else { continue }
      return tensor.reshaped([channels])
    }
    return nil
  }
}

extension Node {
  /// Whether a 0 among a Reshape's extents copies an extent.
  var isZeroCopied: Bool {
    if case .int(let flag)? = attributes["allowzero"] { flag == 0 } else { true }
  }

  /// Whether a Shape gives all extents.
  var isWholeShape: Bool {
    if case .int(let start)? = attributes["start"], start != 0 { return false }
    return attributes["end"] == nil
  }
}
