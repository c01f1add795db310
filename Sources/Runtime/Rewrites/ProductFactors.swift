import ModelGraph

/// The factors of a value that a tree of Mul nodes makes.
struct ProductFactors {
  /// The values multiplied.
  private(set) var values: [String] = []
  /// The nodes of the tree, with the quotients by constants counted in.
  private(set) var nodes: Set<Int> = []
  /// The product of the constant factors.
  private(set) var constant = 1.0

  /// The factors of what node `root` makes, at most `limit` that are not constants of one element.
  ///
  /// Intermediate products that others read are not taken apart.
  init?(of root: Int, in graph: RewritableGraph, limit: Int) throws {
    nodes = [root]
    guard let node = graph.nodes[root] else { return nil }
    try gather(node, graph)
    guard values.count <= limit else { return nil }
  }

  private mutating func gather(_ node: Node, _ graph: RewritableGraph) throws {
    guard node.inputs.count == 2 else { return }
    if node.isPlain("Div"), let divisor = try graph.scalar(node.inputs[1]), divisor != 0 {
      constant /= Double(divisor)
      try add(node.inputs[0], graph)
    } else if node.isPlain("Mul") {
      for input in node.inputs { try add(input, graph) }
    }
  }

  private mutating func add(_ value: String, _ graph: RewritableGraph) throws {
    if let scalar = try graph.scalar(value) {
      constant *= Double(scalar)
    } else if let index = graph.producerIndex(of: value), let node = graph.nodes[index],
      nodes.count < 8, graph.onlyReader(of: value) != nil, try isProduct(node, graph)
    {
      nodes.insert(index)
      try gather(node, graph)
    } else {
      values.append(value)
    }
  }

  private func isProduct(_ node: Node, _ graph: RewritableGraph) throws -> Bool {
    guard node.inputs.count == 2 else { return false }
    return try node.isPlain("Mul") || node.isPlain("Div") && graph.scalar(node.inputs[1]) ?? 0 != 0
  }

  /// Whether the constant is within 2⁻¹⁵ of `expected`, relatively.
  func isNear(_ expected: Double) -> Bool {
    (constant - expected).magnitude <= expected.magnitude * 0x1p-15
  }
}
