import ModelGraph
import Operators

/// Attention that stores no scores out of MatMul, Softmax and MatMul over four axes.
///
///     MatMul(Softmax(MatMul(s₁ · Q, s₂ · Kᵀ) · s₃), V)
///
/// Transposes that only bring heads before positions, on the operands or the result, go into the
/// kernel's strides. The factors sᵢ are of one element, constant or not, and may be left out.
struct AttentionFusion: GraphRewrite {
  static let name = "attention"
  static let summary = "MatMul, Softmax and MatMul become attention that stores no scores"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("Softmax"),
        let match = try Match(index, node, graph)
      else { continue }
      graph.replace(match.nodes, by: match.fused)
    }
    graph.infer()
  }

  /// An operand without its scale and transposition.
  fileprivate struct Operand {
    var value: String
    var scale = 1.0
    var factors: [String] = []
    var permutation: [Int64]?

    init(_ value: String, _ graph: RewritableGraph) throws {
      self.value = value
      try peelFactors(graph)
      if let node = graph.producer(of: self.value, "Transpose")?.node,
        case .ints(let order)? = node.attributes["perm"], order.count == 4
      {
        permutation = order
        self.value = node.inputs[0]
        try peelFactors(graph)
      }
    }

    private mutating func peelFactors(_ graph: RewritableGraph) throws {
      while let index = graph.producerIndex(of: value), let node = graph.nodes[index],
        node.domain.isEmpty, node.inputs.count == 2
      {
        if node.opType == "Div", let divisor = try graph.scalar(node.inputs[1]), divisor != 0,
          isNarrow(node.inputs[1], graph)
        {
          scale /= Double(divisor)
          value = node.inputs[0]
        } else if node.opType == "Mul",
          let side = [1, 0].first(where: { isNarrow(node.inputs[$0], graph) })
        {
          if let constant = try graph.scalar(node.inputs[side]) {
            scale *= Double(constant)
          } else {
            factors.append(node.inputs[side])
          }
          value = node.inputs[1 - side]
        } else {
          return
        }
      }
    }

    /// Whether the value is fp32 of one element that stretches nothing.
    private func isNarrow(_ value: String, _ graph: RewritableGraph) -> Bool {
      guard let shape = graph.type(of: value).shape, graph.isFloat32(value) else { return false }
      return shape.elementCount == 1 && shape.rank <= 4
    }
  }

  private struct Match {
    let nodes: Set<Int>
    let fused: Node

    init?(_ index: Int, _ softmax: Node, _ graph: RewritableGraph) throws {
      let scores = try Operand(softmax.inputs[0], graph)
      guard graph.isFloat32(softmax.outputs[0]), softmax.isOverLastOfFour,
        scores.permutation == nil,
        let first = graph.producer(of: scores.value, "MatMul"),
        let second = graph.onlyReader(of: softmax.outputs[0]), second.node.isPlain("MatMul"),
        second.node.inputs[0] == softmax.outputs[0],
        graph.onlyReader(of: first.node.outputs[0]) != nil
      else { return nil }
      let query = try Operand(first.node.inputs[0], graph)
      let key = try Operand(first.node.inputs[1], graph)
      let value = try Operand(second.node.inputs[1], graph)
      guard let queryLayout = query.layout(graph), let keyLayout = key.transposedLayout(graph),
        let valueLayout = value.layout(graph)
      else { return nil }
      var nodes: Set<Int> = [first.index, index, second.index]
      var output = second.node.outputs[0]
      var outputLayout: Int64 = 1
      if let turned = graph.onlyReader(of: output), turned.node.isPlain("Transpose"),
        case .ints([0, 2, 1, 3])? = turned.node.attributes["perm"]
      {
        nodes.insert(turned.index)
        output = turned.node.outputs[0]
        outputLayout = 0
      }
      let scale = query.scale * key.scale * scores.scale
      guard value.scale == 1, value.factors.isEmpty else { return nil }
      self.nodes = nodes
      fused = Node(
        "HeadAttention", name: softmax.name, domain: FusedOperators.domain,
        inputs: [query.value, key.value, value.value] + query.factors + key.factors
          + scores.factors, outputs: [output],
        attributes: [
          "scale": .float(Float(scale)), "query_layout": .int(queryLayout),
          "key_layout": .int(keyLayout), "value_layout": .int(valueLayout),
          "output_layout": .int(outputLayout),
        ])
    }
  }
}

extension AttentionFusion.Operand {
  /// 1 for `[N, heads, length, size]`, 0 for `[N, length, heads, size]` transposed.
  fileprivate func layout(_ graph: RewritableGraph) -> Int64? {
    switch permutation {
    case nil: graph.type(of: value).rank == 4 ? 1 : nil
    case [0, 2, 1, 3]?: 0
    default: nil
    }
  }

  /// The same for an operand that is to arrive as `[N, heads, size, length]`.
  fileprivate func transposedLayout(_ graph: RewritableGraph) -> Int64? {
    switch permutation {
    case [0, 1, 3, 2]?: 1
    case [0, 2, 3, 1]?: 0
    default: nil
    }
  }
}

extension Node {
  /// Whether a Softmax runs over the last of four axes.
  fileprivate var isOverLastOfFour: Bool {
    guard case .int(let axis)? = attributes["axis"] else { return attributes["axis"] == nil }
    return axis == -1 || axis == 3
  }
}
