import ModelGraph
import Operators
import Tensors

/// Puts constants in the place of values that follow from extents known ahead: of whole shapes, and
/// of single extents that Gather or Slice take out of a shape known in part.
struct ExtentFolding: GraphRewrite {
  static let name = "extents"
  static let summary = "extents known ahead become constants"

  /// What becomes known may tell more, so often.
  private static let rounds = 4

  func apply(to graph: inout RewritableGraph) throws {
    for _ in 0..<Self.rounds {
      var isChanged = false
      for index in graph.nodes.indices {
        guard let node = graph.nodes[index], node.outputs.count == 1,
          !graph.isKept(node.outputs[0]), !graph.readers(of: node.outputs[0]).isEmpty,
          let value = try value(of: node, graph)
        else { continue }
        let constant = graph.addConstant(value, hint: node.outputs[0])
        graph.redirect(node.outputs[0], to: constant)
        graph.remove([index])
        isChanged = true
      }
      guard isChanged else { return }
      graph.infer()
    }
  }

  private func value(of node: Node, _ graph: RewritableGraph) throws -> Tensor? {
    if let value = graph.inferredValue(of: node.outputs[0]) {
      // Small weights keep the form they are stored in.
      return value.dtype.isFloatingPoint && value.elementCount > 1 ? nil : value
    }
    guard node.domain.isEmpty, node.inputs.count >= 2,
      let (_, shape) = graph.producer(of: node.inputs[0], "Shape"), shape.isWholeShape,
      let dimensions = graph.type(of: shape.inputs[0]).dimensions
    else { return nil }
    switch node.opType {
    case "Gather": return try gathered(node, dimensions, graph)
    case "Slice": return try sliced(node, dimensions, graph)
    default: return nil
    }
  }

  private func gathered(
    _ node: Node, _ dimensions: [Dimension], _ graph: RewritableGraph
  ) throws -> Tensor? {
    guard let indices = try graph.constant(node.inputs[1]), indices.shape.rank <= 1,
      let numbers = indices.integers
    else { return nil }
    var extents: [Int64] = []
    for number in numbers {
      let position = number < 0 ? number &+ dimensions.count : number
      guard dimensions.indices.contains(position), let extent = dimensions[position].fixedValue
      else { return nil }
      extents.append(Int64(extent))
    }
    return try Tensor(extents, indices.shape)
  }

  private func sliced(
    _ node: Node, _ dimensions: [Dimension], _ graph: RewritableGraph
  ) throws -> Tensor? {
    guard node.inputs.count <= 4, let first = try integer(node.inputs[1], graph),
      let last = try integer(node.inputs[2], graph)
    else { return nil }
    let count = dimensions.count
    let begin = min(max(first < 0 ? first + count : first, 0), count)
    let end = min(max(last < 0 ? last + count : last, 0), count)
    guard begin < end else { return nil }
    let extents = dimensions[begin..<end].compactMap(\.fixedValue).map(Int64.init)
    guard extents.count == end - begin else { return nil }
    return try Tensor(extents, [extents.count])
  }

  /// One integer between -2³¹ and 2³¹, held to that range.
  private func integer(_ value: String, _ graph: RewritableGraph) throws -> Int? {
    guard let numbers = try graph.constant(value, limit: 1)?.integers, numbers.count == 1 else {
      return nil
    }
    return min(max(numbers[0], Int(Int32.min)), Int(Int32.max))
  }
}
