import FileIO
import Tensors

extension Graph {
  /// How deeply bodies of control flow may stand in one another.
  public static let maximumNesting = 64

  /// Checks the rules that every user of a graph relies on: each name defined once, each use after
  /// its definition, each output defined, initializers named, nesting within `maximumNesting`.
  ///
  /// Types and shapes are checked by shape inference, which knows the operators.
  ///
  /// - Throws: `GraphError`.
  public func validate() throws(GraphError) {
    try validate(outer: { _ in false }, depth: 0)
  }

  /// What defines a value; put into words only for a message.
  private enum Definition: Equatable {
    case initializer
    case input
    /// An output of the node with this number.
    case node(Int)
  }

  private func words(_ definition: Definition) -> String {
    switch definition {
    case .initializer: "an initializer"
    case .input: "an input"
    case .node(let index): "an output of \(nodes[index].label)"
    }
  }

  /// `outer` tells whether the graphs around this one define a name: a chain of look-ups, since
  /// copying the names for each body would take quadratic time.
  private func validate(
    outer: (ByteString) -> Bool, depth: Int
  ) throws(GraphError) {
    guard depth <= Self.maximumNesting else {
      throw .nestedTooDeeply(graph: name, limit: Self.maximumNesting)
    }
    var definitions = try initializerDefinitions()
    for input in inputs {
      // An input that is an initializer too has a default value: one value, not two.
      if let earlier = definitions[ByteString(input.name)], earlier != .initializer {
        throw .duplicateValue(
          graph: name, name: input.name, first: words(earlier), second: words(.input))
      }
      definitions[ByteString(input.name)] = .input
    }
    let produced = Set(nodes.flatMap { $0.outputs.map(ByteString.init) })
    func visible(_ value: ByteString) -> Bool { definitions[value] != nil || outer(value) }
    for (index, node) in nodes.enumerated() {
      for value in node.inputs where !value.isEmpty && !visible(ByteString(value)) {
        throw produced.contains(ByteString(value))
          ? .notTopologicallySorted(graph: name, name: value, user: node.label)
          : .undefinedValue(graph: name, name: value, user: node.label)
      }
      for body in node.subgraphs { try body.validate(outer: visible, depth: depth + 1) }
      try define(node, at: index, in: &definitions)
    }
    for output in outputs
    where definitions[ByteString(output.name)] == nil && !outer(ByteString(output.name)) {
      throw .undefinedValue(graph: name, name: output.name, user: "the graph's outputs")
    }
  }

  private func initializerDefinitions() throws(GraphError) -> [ByteString: Definition] {
    var definitions: [ByteString: Definition] = [:]
    for (index, initializer) in initializers.enumerated() {
      guard !initializer.name.isEmpty else {
        throw .unnamedInitializer(graph: name, index: index)
      }
      let key = ByteString(initializer.name)
      guard definitions.updateValue(.initializer, forKey: key) == nil else {
        throw .duplicateValue(
          graph: name, name: initializer.name, first: "an initializer", second: "an initializer")
      }
    }
    return definitions
  }

  private func define(
    _ node: Node, at index: Int, in definitions: inout [ByteString: Definition]
  ) throws(GraphError) {
    for output in node.outputs where !output.isEmpty {
      if let earlier = definitions.updateValue(.node(index), forKey: ByteString(output)) {
        throw .duplicateValue(
          graph: name, name: output, first: words(earlier), second: words(.node(index)))
      }
    }
  }
}
