import ModelGraph
import Operators

/// GatedGelu out of the halves of a value's last axis: one times Gelu of the other (GEGLU).
struct GatedGeluFusion: GraphRewrite {
  static let name = "gated-gelu"
  static let summary = "half times Gelu of the other half becomes one operator"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("Mul"), node.inputs.count == 2,
        graph.isFloat32(node.outputs[0]), let match = try match(index, node, graph)
      else { continue }
      graph.replace(match.nodes, by: match.fused)
    }
  }

  private func match(
    _ index: Int, _ node: Node, _ graph: RewritableGraph
  ) throws -> (nodes: Set<Int>, fused: Node)? {
    for (first, second) in [(0, 1), (1, 0)] {
      guard let gelu = graph.producer(of: node.inputs[second], "Gelu"),
        graph.onlyReader(of: node.inputs[second]) != nil,
        let whole = try halved(node.inputs[first], gelu.node.inputs[0], graph)
      else { continue }
      let fused = Node(
        "GatedGelu", name: node.name, domain: FusedOperators.domain, inputs: [whole],
        outputs: node.outputs, attributes: gelu.node.attributes)
      return ([index, gelu.index], fused)
    }
    return nil
  }

  /// The value whose halves are `first` and `second`.
  private func halved(
    _ first: String, _ second: String, _ graph: RewritableGraph
  ) throws -> String? {
    if let split = graph.producer(of: first, "Split"), split.node.outputs == [first, second] {
      return try isInHalves(split.node, graph) ? split.node.inputs[0] : nil
    }
    guard let low = graph.producer(of: first, "Slice")?.node,
      let high = graph.producer(of: second, "Slice")?.node, low.inputs[0] == high.inputs[0],
      let last = graph.type(of: low.inputs[0]).dimensions?.last?.fixedValue, last % 2 == 0,
      try bounds(low, last, graph).map({ $0 == (0, last / 2) }) == true,
      try bounds(high, last, graph).map({ $0 == (last / 2, last) }) == true
    else { return nil }
    return low.inputs[0]
  }

  /// Whether a Split makes two equal parts of the last axis.
  private func isInHalves(_ split: Node, _ graph: RewritableGraph) throws -> Bool {
    guard let dimensions = graph.type(of: split.inputs[0]).dimensions,
      let last = dimensions.last?.fixedValue, last % 2 == 0
    else { return false }
    var axis = 0
    if case .int(let value)? = split.attributes["axis"] { axis = Int(value) }
    guard axis == -1 || axis == dimensions.count - 1 else { return false }
    guard split.inputs.count > 1, !split.inputs[1].isEmpty else { return true }
    return try graph.constant(split.inputs[1])?.integers == [last / 2, last / 2]
  }

  /// Where a Slice of the last axis, `extent` long, begins and ends.
  private func bounds(
    _ slice: Node, _ extent: Int, _ graph: RewritableGraph
  ) throws -> (Int, Int)? {
    guard slice.inputs.count >= 4, let rank = graph.type(of: slice.inputs[0]).rank,
      let begin = try graph.constant(slice.inputs[1])?.integers, begin.count == 1,
      let end = try graph.constant(slice.inputs[2])?.integers, end.count == 1,
      let axes = try graph.constant(slice.inputs[3])?.integers,
      axes == [-1] || axes == [rank - 1]
    else { return nil }
    if slice.inputs.count > 4, try graph.constant(slice.inputs[4])?.integers != [1] { return nil }
    let first = begin[0] < 0 ? begin[0] &+ extent : begin[0]
    let last = end[0] < 0 ? end[0] &+ extent : min(end[0], extent)
    return (first, last)
  }
}
