import FileIO
import Tensors

/// Puts a graph together node by node, naming the values.
///
/// Methods take and give back value names, so that a network reads as nested calls.
public struct GraphBuilder {
  /// The graph so far.
  public private(set) var graph: Graph
  private var nextValue: [String: Int] = [:]
  private var names: Set<ByteString> = []
  private var prefixes: [String] = []

  /// Starts an empty graph.
  public init(name: String) { graph = Graph(name: name) }
}

extension GraphBuilder {
  /// Declares an input and gives back its name.
  @discardableResult
  public mutating func input(_ name: String, _ dtype: DType, _ dimensions: [Dimension]) -> String {
    names.insert(ByteString(name))
    graph.inputs.append(ValueInfo(name: name, type: TensorType(dtype, dimensions)))
    return name
  }

  /// Declares an input that need not be given: it is `fallback` then (an initializer of the same
  /// name).
  @discardableResult
  public mutating func input(
    _ name: String, _ dtype: DType, _ dimensions: [Dimension], default fallback: Tensor
  ) -> String {
    graph.initializers.append(Initializer(name: name, inline: fallback))
    return input(name, dtype, dimensions)
  }

  /// Declares that `value` is an output called `name`; an Identity node renames it where the names
  /// differ.
  public mutating func output(
    _ value: String, as name: String, _ dtype: DType, _ dimensions: [Dimension]?
  ) {
    if value != name {
      names.insert(ByteString(name))
      graph.nodes.append(Node("Identity", inputs: [value], outputs: [name]))
    }
    graph.outputs.append(ValueInfo(name: name, type: TensorType(dtype, dimensions)))
  }

  /// Refers to a weight under its own name; asking twice gives the same value.
  public mutating func weight(_ name: String, _ dtype: DType, _ shape: Shape) -> String {
    if names.insert(ByteString(name)).inserted {
      graph.initializers.append(Initializer(name: name, dtype: dtype, shape: shape))
    }
    return name
  }

  /// Adds a constant held in the graph.
  public mutating func constant(_ tensor: Tensor, hint: String = "constant") -> String {
    let name = freshName(hint)
    graph.initializers.append(Initializer(name: name, inline: tensor))
    return name
  }

  /// Adds a node with one output and gives back the output's name.
  public mutating func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: AttributeValue] = [:],
    name: String? = nil
  ) -> String {
    add(opType, inputs, outputCount: 1, attributes, name: name)[0]
  }

  /// Adds a node with `outputCount` outputs and gives back their names.
  public mutating func add(
    _ opType: String, _ inputs: [String], outputCount: Int,
    _ attributes: [String: AttributeValue] = [:], name: String? = nil
  ) -> [String] {
    let outputs = (0..<outputCount).map { _ in freshName(name ?? opType) }
    graph.nodes.append(
      Node(
        opType, name: scoped(name ?? outputs[0], isFresh: name == nil), inputs: inputs,
        outputs: outputs, attributes: attributes))
    return outputs
  }

  /// Runs `body` with `prefix` (and a full stop) before the names of all nodes and values it adds.
  public mutating func scope<Result, Failure: Error>(
    _ prefix: String, _ body: (inout GraphBuilder) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    prefixes.append(prefix)
    defer { prefixes.removeLast() }
    return try body(&self)
  }

  /// Opens a scope that lasts until `leaveScope`, for builders that cannot nest closures.
  public mutating func enterScope(_ prefix: String) { prefixes.append(prefix) }

  /// Ends the scope opened last.
  public mutating func leaveScope() { _ = prefixes.popLast() }

  /// The current prefix and `name`, joined by full stops: the checkpoint's name of a parameter.
  public func path(_ name: String) -> String {
    (prefixes + [name]).joined(separator: ".")
  }

  private func scoped(_ name: String, isFresh: Bool) -> String {
    isFresh ? name : path(name)
  }

  private mutating func freshName(_ hint: String) -> String {
    let stem = path(hint)
    while true {
      let count = nextValue[stem, default: 0]
      nextValue[stem] = count + 1
      let candidate = count == 0 ? "\(stem):0" : "\(stem):\(count)"
      if names.insert(ByteString(candidate)).inserted { return candidate }
    }
  }
}
