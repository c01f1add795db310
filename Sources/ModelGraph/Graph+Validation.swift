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
    try validate(outer: [], depth: 0)
  }

  private func validate(outer: Set<ByteString>, depth: Int) throws(GraphError) {
    guard depth <= Self.maximumNesting else {
      throw .nestedTooDeeply(graph: name, limit: Self.maximumNesting)
    }
    var definitions = try initializerDefinitions()
    for input in inputs {
      // An input that is an initializer too has a default value: one value, not two.
      if let earlier = definitions[ByteString(input.name)], earlier != "an initializer" {
        throw .duplicateValue(graph: name, name: input.name, first: earlier, second: "an input")
      }
      definitions[ByteString(input.name)] = "an input"
    }
    let produced = Set(nodes.flatMap { $0.outputs.map(ByteString.init) })
    for node in nodes {
      let visible = { (value: ByteString) in definitions[value] != nil || outer.contains(value) }
      for value in node.inputs where !value.isEmpty && !visible(ByteString(value)) {
        throw produced.contains(ByteString(value))
          ? .notTopologicallySorted(graph: name, name: value, user: node.label)
          : .undefinedValue(graph: name, name: value, user: node.label)
      }
      let bodies = node.subgraphs
      if !bodies.isEmpty {
        let scope = outer.union(definitions.keys)
        for body in bodies { try body.validate(outer: scope, depth: depth + 1) }
      }
      try define(node, in: &definitions)
    }
    for output in outputs
    where definitions[ByteString(output.name)] == nil && !outer.contains(ByteString(output.name)) {
      throw .undefinedValue(graph: name, name: output.name, user: "the graph's outputs")
    }
  }

  private func initializerDefinitions() throws(GraphError) -> [ByteString: String] {
    var definitions: [ByteString: String] = [:]
    for (index, initializer) in initializers.enumerated() {
      guard !initializer.name.isEmpty else {
        throw .unnamedInitializer(graph: name, index: index)
      }
      let key = ByteString(initializer.name)
      guard definitions.updateValue("an initializer", forKey: key) == nil else {
        throw .duplicateValue(
          graph: name, name: initializer.name, first: "an initializer", second: "an initializer")
      }
    }
    return definitions
  }

  private func define(
    _ node: Node, in definitions: inout [ByteString: String]
  ) throws(GraphError) {
    for output in node.outputs where !output.isEmpty {
      let role = "an output of \(node.label)"
      if let earlier = definitions.updateValue(role, forKey: ByteString(output)) {
        throw .duplicateValue(graph: name, name: output, first: earlier, second: role)
      }
    }
  }
}
