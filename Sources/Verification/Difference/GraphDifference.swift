import ModelGraph
import Tensors

/// Finds what differs between two graphs; nodes are matched by their first named output.
struct GraphDifference {
  let before: Graph
  let after: Graph

  /// All changes: inputs, outputs, nodes, constants.
  func changes(in component: String) -> [ModelChange] {
    let nodes = ModelChange.between(
      Self.nodes(before), Self.nodes(after), section: .node, in: component, text: \.text,
      isSame: ==)
    let constants = ModelChange.between(
      Self.constants(before), Self.constants(after), section: .constant, in: component,
      text: \.text, isSame: ==)
    return values(\.requiredInputs, .input, component) + values(\.outputs, .output, component)
      + nodes + constants
  }

  private func values(
    _ path: KeyPath<Graph, [ValueInfo]>, _ section: ModelChange.Section, _ component: String
  ) -> [ModelChange] {
    ModelChange.between(
      before[keyPath: path].map { ($0.name, $0.type.description) },
      after[keyPath: path].map { ($0.name, $0.type.description) }, section: section, in: component)
  }

  private static func nodes(_ graph: Graph) -> [(name: String, entry: NodeSignature)] {
    graph.nodes.map { ($0.outputs.first { !$0.isEmpty } ?? $0.name, NodeSignature($0)) }
  }

  private static func constants(_ graph: Graph) -> [(name: String, entry: NodeSignature)] {
    graph.initializers.compactMap { initializer in
      guard case .inline(let tensor) = initializer.storage else { return nil }
      return (initializer.name, NodeSignature(tensor))
    }
  }
}
