import FileIO
import ModelGraph

/// What went wrong at one node, with the node's place.
public struct NodeError: Error, CustomStringConvertible {
  /// The graph's name.
  public let graph: String
  /// The node: its operator, and its name or first output.
  public let node: String
  /// What the operator, or a kernel under it, found.
  public let cause: any Error

  /// Puts a node's place before `cause`; an error that has a place already keeps the inner one.
  public init(graph: String, node: Node, cause: any Error) {
    if let inner = cause as? NodeError {
      self = inner
      return
    }
    self.graph = graph
    self.node = node.label
    self.cause = cause
  }

  public var description: String {
    let place = graph.isEmpty ? "" : "graph \(graph.escapedForDisplay(limit: 100)): "
    return "\(place)\(node): \(cause)"
  }

  /// Whether the model asks for something that the tool does not have, as against breaking a rule.
  public var isUnsupported: Bool { (cause as? OperatorError)?.isUnsupported ?? false }
}
