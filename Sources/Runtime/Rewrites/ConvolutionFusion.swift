import ModelGraph
import Operators

/// Conv of fp32 with what follows it: a value added, an activation, or both in this order.
struct ConvolutionFusion: GraphRewrite {
  static let name = "convolution"
  static let summary = "Conv takes an Add and an activation after it along"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index], node.isPlain("Conv"),
        (2...3).contains(node.inputs.count),
        graph.isFloat32(node.inputs[0])
      else { continue }
      var tail = try ProductTail(after: node.outputs[0], at: index, in: graph)
      guard tail.nodes.count > 1 else { continue }
      tail.attributes.merge(node.attributes) { $1 }
      var inputs = node.inputs
      if let residual = tail.residual {
        inputs += [String](repeating: "", count: 3 - inputs.count) + [residual]
      }
      graph.replace(
        tail.nodes,
        by: Node(
          "Conv", name: node.name, domain: FusedOperators.domain, inputs: inputs,
          outputs: [tail.output], attributes: tail.attributes))
    }
  }
}

/// What follows a product and can be done while its result is written.
struct ProductTail {
  /// A value that is added.
  private(set) var residual: String?
  /// The attributes that tell of an activation.
  var attributes: [String: AttributeValue] = [:]
  /// What the last node makes.
  private(set) var output: String
  /// The nodes, the product's among them.
  private(set) var nodes: Set<Int>

  /// - Parameter value: what node `index` makes.
  init(after value: String, at index: Int, in graph: RewritableGraph) throws {
    output = value
    nodes = [index]
    addResidual(graph)
    if let activation = try FusableActivation(of: output, in: graph) {
      nodes.insert(activation.index)
      output = activation.output
      attributes = activation.attributes
    }
  }

  private mutating func addResidual(_ graph: RewritableGraph) {
    guard let sum = graph.onlyReader(of: output), sum.node.isPlain("Add"),
      sum.node.inputs.count == 2, sum.node.inputs[0] != sum.node.inputs[1],
      let other = sum.node.inputs.first(where: { $0 != output }), graph.isFloat32(other)
    else { return }
    residual = other
    nodes.insert(sum.index)
    output = sum.node.outputs[0]
  }
}
