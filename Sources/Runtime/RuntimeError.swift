import FileIO
import ModelGraph
import Operators
import Tensors

/// A reason why a graph cannot be run, or cannot be run on these inputs.
public enum RuntimeError: Error, Sendable {
  /// The graph uses operators that the tool does not have, listed with their counts.
  case unsupportedOperators(graph: String, [OperatorError])
  /// A required input is not given.
  case missingInput(graph: String, name: String, expected: [String])
  /// An input is given that the graph does not have.
  case unexpectedInput(graph: String, name: String, expected: [String])
  /// An input's element type differs from the declared one.
  case inputType(graph: String, name: String, expected: DType, found: DType)
  /// An input's shape does not fit the declared one.
  case inputShape(graph: String, name: String, expected: String, found: Shape)
  /// Operators that the gradient would have to pass have no gradient rule, listed with their counts.
  case noGradient(graph: String, [String: Int])
  /// A value to differentiate by is neither an input nor a weight of the graph.
  case noVariable(graph: String, name: String)
  /// The weights lack a tensor that the graph refers to, or have it in another form.
  case weight(graph: String, name: String, expected: String, found: String)
  /// A rewrite of the plan is to be left out that does not exist.
  case unknownRewrite(name: String, known: [String])
}

extension RuntimeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedOperators(let graph, let operators):
      "graph \(graph.escapedForDisplay): "
        + operators.map(\.description).joined(separator: "; ")
    case .missingInput(let graph, let name, let expected):
      "\(Self.place(graph, name)): required, but not given; the graph takes \(Self.list(expected))"
    case .unexpectedInput(let graph, let name, let expected):
      "\(Self.place(graph, name)): the graph has no such input; it takes \(Self.list(expected))"
    case .inputType(let graph, let name, let expected, let found):
      "\(Self.place(graph, name)): expected \(expected.name), found \(found.name)"
    case .inputShape(let graph, let name, let expected, let found):
      "\(Self.place(graph, name)): expected shape \(expected), found \(found)"
    case .noGradient(let graph, let operators):
      "graph \(graph.escapedForDisplay): no gradient rule for "
        + operators.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value) nodes)" }
        .joined(separator: ", ")
    case .noVariable(let graph, let name):
      "graph \(graph.escapedForDisplay): no input or weight \(name.escapedForDisplay(limit: 300)) "
        + "to differentiate by"
    case .weight(let graph, let name, let expected, let found):
      "graph \(graph.escapedForDisplay): weight \(name.escapedForDisplay(limit: 300)): "
        + "expected \(expected), found \(found)"
    case .unknownRewrite(let name, let known):
      "no fusion is called \(name.escapedForDisplay(limit: 100)); there are "
        + "\(Self.list(known)), and \"all\" for every one"
    }
  }

  private static func place(_ graph: String, _ name: String) -> String {
    "graph \(graph.escapedForDisplay): input \(name.escapedForDisplay(limit: 300))"
  }

  private static func list(_ names: [String]) -> String {
    names.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", ")
  }
}
