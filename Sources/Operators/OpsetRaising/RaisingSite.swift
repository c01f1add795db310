import FileIO
import ModelGraph
import Tensors

/// The place in a graph where a node is being raised: what is known there, and where nodes and
/// constants that a rule adds go.
///
/// Nodes that rules add are in the canonical opset already.
final class RaisingSite {
  /// The opset the graph is written in.
  let opset: Int
  /// Every name in use.
  var names: Set<ByteString>
  /// The constants that rules added.
  private(set) var initializers: [Initializer] = []
  private let uses: Set<ByteString>
  private let graph: Graph
  private var known: [ByteString: TensorType]
  private var raised: [Node] = []
  private var isInferred = false
  private var before: [Node] = []
  private var after: [Node] = []

  init(
    opset: Int, names: Set<ByteString>, known: [ByteString: TensorType], uses: Set<ByteString>,
    graph: Graph
  ) {
    self.opset = opset
    self.names = names
    self.known = known
    self.uses = uses
    self.graph = graph
  }

  /// Raises `node` by every rule for its operator that came after the graph's opset.
  func raise(_ node: Node) throws {
    var node = node
    if node.domain == "ai.onnx" { node.domain = "" }
    guard node.domain.isEmpty, opset < Graph.canonicalOpset else {
      raised.append(node)
      return
    }
    before = []
    after = []
    if opset < 6 { node.attributes["consumed_inputs"] = nil }
    var reached = opset
    while let rule = RaisingRules.next(after: reached, for: node.opType) {
      try rule.rewrite(&node, self)
      reached = rule.opset
    }
    raised += before + [node] + after
  }

  /// The nodes raised since the last call.
  func takeNodes() -> [Node] {
    defer { raised = [] }
    history += raised
    return raised
  }

  private var history: [Node] = []
}

extension RaisingSite {
  /// Whether anything uses `value`.
  func isUsed(_ value: String) -> Bool { !value.isEmpty && uses.contains(ByteString(value)) }

  /// Adds a node with one output before the node being raised; gives back the output's name.
  func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: AttributeValue] = [:]
  ) -> String {
    let output = freshName(opType)
    before.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  /// Adds a node right after the one being raised.
  func addAfter(_ node: Node) { after.insert(node, at: 0) }

  /// A name that nothing has.
  func freshName(_ hint: String) -> String {
    var number = names.count
    while true {
      let candidate = "raised.\(hint).\(number)"
      if names.insert(ByteString(candidate)).inserted { return candidate }
      number += 1
    }
  }

  /// Adds a constant; gives back its name.
  func constant(_ tensor: Tensor) -> String {
    let name = freshName("constant")
    initializers.append(Initializer(name: name, inline: tensor))
    return name
  }

  /// A constant list of int64.
  func integers(_ values: [Int64]) throws -> String { constant(try Tensor(values)) }

  /// A constant fp32 scalar, converted to the type of `value`.
  func number(_ number: Float, like value: String) throws -> String {
    let scalar = constant(try Tensor(scalar: number))
    return dtype(of: value) == .float32 ? scalar : add("CastLike", [scalar, value])
  }

  /// The element type of `value`, where the graph declares it.
  func dtype(of value: String) -> DType? { known[ByteString(value)]?.dtype }

  /// The number of axes of `value`, where the graph declares it.
  func declaredRank(of value: String) -> Int? { known[ByteString(value)]?.rank }

  /// The constant `value`, where it is an initializer held in the graph or a Constant node's.
  func constantValue(_ value: String) -> Tensor? {
    if let node = graph.nodes.first(where: { $0.opType == "Constant" && $0.outputs == [value] }),
      case .tensor(let tensor)? = node.attributes["value"]
    {
      return tensor
    }
    guard let found = graph.initializers.first(where: { $0.name == value }),
      case .inline(let tensor) = found.storage
    else { return nil }
    return tensor
  }

  /// The number of axes of `value`, inferred where the graph does not declare it.
  ///
  /// - Throws: `OperatorError.unsupportedOpset` where nothing tells it.
  func rank(of value: String, for node: Node) throws -> Int {
    if let rank = declaredRank(of: value) { return rank }
    var prefix = graph
    prefix.nodes = history + raised + before
    prefix.initializers += initializers
    prefix.outputs = []
    if let inferred = try? ShapeInference().infer(prefix) {
      for (name, value) in inferred where known[name]?.dimensions == nil {
        known[name] = value.type
      }
    }
    guard let rank = declaredRank(of: value) else {
      throw unsupported(node, "the number of axes of \(value) is not known")
    }
    return rank
  }

  /// The error for a form that cannot be raised.
  func unsupported(_ node: Node, _ reason: String) -> OperatorError {
    .unsupportedOpset(opType: node.opType, opset: opset, reason: reason)
  }
}

extension Node {
  /// Takes the attribute away and gives back its integer.
  mutating func takeInt(_ name: String) -> Int? {
    guard case .int(let value)? = attributes.removeValue(forKey: name) else { return nil }
    return Int(value)
  }

  /// Takes the attribute away and gives back its integers.
  mutating func takeInts(_ name: String) -> [Int64]? {
    switch attributes.removeValue(forKey: name) {
    case .ints(let values)?: values
    case .floats(let values)? where values.isEmpty: []
    default: nil
    }
  }

  /// Takes the attribute away and gives back its float.
  mutating func takeFloat(_ name: String) -> Float? {
    guard case .float(let value)? = attributes.removeValue(forKey: name) else { return nil }
    return value
  }

  /// Takes the attribute away and gives back its floats.
  mutating func takeFloats(_ name: String) -> [Float]? {
    switch attributes.removeValue(forKey: name) {
    case .floats(let values)?: values
    case .ints(let values)? where values.isEmpty: []
    default: nil
    }
  }

  /// The attribute's text.
  func text(_ name: String) -> String? {
    guard case .string(let bytes)? = attributes[name] else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Puts `input` at position `index`, left-out inputs before it.
  mutating func setInput(_ index: Int, _ input: String) {
    while inputs.count <= index { inputs.append("") }
    inputs[index] = input
  }

  /// Whether input `index` is given.
  func hasInput(_ index: Int) -> Bool { index < inputs.count && !inputs[index].isEmpty }
}
