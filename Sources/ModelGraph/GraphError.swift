import FileIO

/// A rule of graphs that a model breaks.
public enum GraphError: Error, Equatable, Sendable {
  /// Two initializers, inputs or node outputs share a name.
  case duplicateValue(graph: String, name: String, first: String, second: String)
  /// A node or a graph output uses a name that nothing before it produces.
  case undefinedValue(graph: String, name: String, user: String)
  /// A node's output is produced only after its use, or in a cycle.
  case notTopologicallySorted(graph: String, name: String, user: String)
  /// An initializer has an empty name.
  case unnamedInitializer(graph: String, index: Int)
  /// Bodies of control flow stand in one another more deeply than the limit.
  case nestedTooDeeply(graph: String, limit: Int)
  /// An initializer refers to a weight that the component lacks.
  case missingWeight(graph: String, name: String)
  /// An initializer's type or shape differs from the weight's.
  case weightMismatch(graph: String, name: String, expected: String, found: String)
}

extension GraphError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .duplicateValue(let graph, let name, let first, let second):
      "\(Self.place(graph, name)): defined twice, as \(first) and as \(second)"
    case .undefinedValue(let graph, let name, let user):
      "\(Self.place(graph, name)): used by \(user), but nothing produces it"
    case .notTopologicallySorted(let graph, let name, let user):
      "\(Self.place(graph, name)): used by \(user) before it is produced (unsorted, or a cycle)"
    case .unnamedInitializer(let graph, let index):
      "graph \(graph.escapedForDisplay): initializer \(index): expected a name, found an empty one"
    case .nestedTooDeeply(let graph, let limit):
      "graph \(graph.escapedForDisplay): expected at most \(limit) nested graphs, found more"
    case .missingWeight(let graph, let name):
      "\(Self.place(graph, name)): the weights have no tensor of that name"
    case .weightMismatch(let graph, let name, let expected, let found):
      "\(Self.place(graph, name)): expected \(expected), found \(found)"
    }
  }

  private static func place(_ graph: String, _ name: String) -> String {
    "graph \(graph.escapedForDisplay): value \(name.escapedForDisplay(limit: 300))"
  }
}
