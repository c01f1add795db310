import ModelGraph
import Tensors

/// Reads extents of a transposed value from the value before it, so that the copy is not needed for
/// them alone.
///
///     Gather or Slice (Shape(Transpose(x)), constants)    becomes    Gather(Shape(x), constants)
struct TransposedExtents: GraphRewrite {
  static let name = "transposed-extents"
  static let summary = "extents of a transposed value are read from the value before it"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("Shape"), node.isWholeShape,
        let turned = graph.producer(of: node.inputs[0], "Transpose")?.node,
        case .ints(let order)? = turned.attributes["perm"], !graph.isKept(node.outputs[0])
      else { continue }
      let readers = graph.readers(of: node.outputs[0])
      let axes = try readers.map { try Self.axes($0, order, graph) }
      guard !readers.isEmpty, axes.allSatisfy({ $0 != nil }) else { continue }
      var shape = node
      shape.inputs = turned.inputs
      graph.replace([index], by: shape)
      for case (let reader, let axes?) in zip(readers, axes) {
        guard let old = graph.nodes[reader] else { continue }
        let constant = graph.addConstant(axes, hint: old.outputs[0])
        graph.replace(
          [reader],
          by: Node(
            "Gather", name: old.name, inputs: [shape.outputs[0], constant], outputs: old.outputs))
      }
    }
    graph.infer()
  }

  /// The axes before the transposition that node `reader` takes; nil where it is no such node.
  private static func axes(
    _ reader: Int, _ order: [Int64], _ graph: RewritableGraph
  ) throws -> Tensor? {
    guard let node = graph.nodes[reader], node.domain.isEmpty, node.inputs.count >= 2 else {
      return nil
    }
    let count = order.count
    if node.opType == "Gather", let indices = try graph.constant(node.inputs[1]),
      let numbers = indices.integers
    {
      let places = numbers.map { $0 < 0 ? $0 &+ count : $0 }
      guard places.allSatisfy((0..<count).contains), indices.shape.rank <= 1 else { return nil }
      return try Tensor(places.map { order[$0] }, indices.shape)
    }
    guard node.opType == "Slice", node.inputs.count == 3 || node.inputs.count == 4,
      let first = try graph.constant(node.inputs[1], limit: 1)?.integers?.first,
      let last = try graph.constant(node.inputs[2], limit: 1)?.integers?.first
    else { return nil }
    let begin = min(max(first < 0 ? first + count : first, 0), count)
    let end = min(max(last < 0 ? max(last, -count - 1) + count : last, 0), count)
    return begin < end ? try Tensor(Array(order[begin..<end])) : nil
  }
}
