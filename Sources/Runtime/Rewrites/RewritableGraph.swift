import FileIO
import ModelGraph
import Operators
import Tensors

/// A graph while rewrites change it: who makes each value, who reads it, and what is known of it.
public struct RewritableGraph {
  /// The nodes by number; nil where one has been taken out. Numbers stay as they are.
  public private(set) var nodes: [Node?]
  /// What is known of the values' types before the graph runs.
  private var known: [ByteString: KnownValue] = [:]
  private var graph: Graph
  private let weights: WeightReader
  private let registry: OperatorRegistry
  private var initializers: [ByteString: Initializer]
  private var producers: [ByteString: Int] = [:]
  private var readers: [ByteString: [Int]] = [:]
  /// Values that must keep their names: the graph's outputs, and what bodies capture.
  private let kept: Set<ByteString>
  private var freshCount = 0

  init(_ graph: Graph, weights: WeightReader, registry: OperatorRegistry) {
    self.graph = graph
    self.weights = weights
    self.registry = registry
    nodes = graph.nodes
    initializers = Dictionary(
      graph.initializers.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    // An initializer that is an input too is only a default.
    for input in graph.inputs { initializers[ByteString(input.name)] = nil }
    var kept = Set(graph.outputs.map { ByteString($0.name) })
    for node in graph.nodes {
      for body in node.subgraphs { kept.formUnion(body.freeNames) }
    }
    self.kept = kept
    for index in nodes.indices { connect(index) }
    infer()
  }

  /// The graph as it now stands.
  var result: Graph {
    var result = graph
    result.nodes = nodes.compactMap { $0 }
    return result
  }

  private mutating func connect(_ index: Int) {
    guard let node = nodes[index] else { return }
    for name in node.outputs where !name.isEmpty { producers[ByteString(name)] = index }
    for name in node.inputs where !name.isEmpty {
      readers[ByteString(name), default: []].append(index)
    }
  }

  /// Takes out nodes that nothing reads.
  mutating func prune() {
    for index in nodes.indices.reversed() {
      guard let node = nodes[index] else { continue }
      let isRead = node.outputs.contains { !$0.isEmpty && (isKept($0) || !readers(of: $0).isEmpty) }
      if !isRead { remove([index]) }
    }
  }

  private mutating func disconnect(_ index: Int) {
    guard let node = nodes[index] else { return }
    for name in node.outputs where producers[ByteString(name)] == index {
      producers[ByteString(name)] = nil
    }
    for name in node.inputs { readers[ByteString(name)]?.removeAll { $0 == index } }
  }
}

extension RewritableGraph {
  /// The node that makes `value`, if it is an operator of ai.onnx called `opType`.
  public func producer(of value: String, _ opType: String) -> (index: Int, node: Node)? {
    guard let index = producers[ByteString(value)], let node = nodes[index],
      node.opType == opType, node.domain.isEmpty
    else { return nil }
    return (index, node)
  }

  /// The number of the node that makes `value`; nil for inputs and constants.
  public func producerIndex(of value: String) -> Int? { producers[ByteString(value)] }

  /// The numbers of the nodes that read `value`, once for each time they do.
  public func readers(of value: String) -> [Int] { readers[ByteString(value)] ?? [] }

  /// The only node that reads `value`, once, where the graph around does not need it either.
  public func onlyReader(of value: String) -> (index: Int, node: Node)? {
    guard !kept.contains(ByteString(value)), let all = readers[ByteString(value)], all.count == 1,
      let node = nodes[all[0]]
    else { return nil }
    return (all[0], node)
  }

  /// Whether nothing but the nodes `indices` reads `value`.
  public func isInner(_ value: String, to indices: Set<Int>) -> Bool {
    !kept.contains(ByteString(value)) && readers(of: value).allSatisfy(indices.contains)
  }

  /// Whether the graph's outputs or a body of control flow name `value`.
  public func isKept(_ value: String) -> Bool { kept.contains(ByteString(value)) }

  /// What is known of the type of `value`.
  public func type(of value: String) -> TensorType {
    known[ByteString(value)]?.type ?? TensorType(nil, nil)
  }

  /// The elements of `value` where they follow from what is known and it is no initializer.
  public func inferredValue(of value: String) -> Tensor? {
    isInitializer(value) ? nil : known[ByteString(value)]?.value
  }

  /// Whether `value` is known to hold fp32 elements.
  public func isFloat32(_ value: String) -> Bool { type(of: value).dtype == .float32 }

  /// Whether `value` is an initializer, which no run changes.
  public func isInitializer(_ value: String) -> Bool { initializers[ByteString(value)] != nil }

  /// The shape of `value` where it is an initializer.
  public func initializerShape(_ value: String) -> Shape? { initializers[ByteString(value)]?.shape }

  /// The elements of `value` where they are the same in every run and at most `limit`.
  ///
  /// - Throws: the weights' errors.
  public func constant(_ value: String, limit: Int = 4096) throws -> Tensor? {
    if let value = known[ByteString(value)]?.value { return value }
    guard let initializer = initializers[ByteString(value)],
      initializer.shape.elementCount <= limit
    else { return nil }
    return try weights.tensor(initializer, graph: graph.name)
  }

  /// The one fp32 element of `value`, where it is the same in every run.
  ///
  /// - Throws: the weights' errors.
  public func scalar(_ value: String) throws -> Float? {
    guard let tensor = try constant(value, limit: 1), tensor.elementCount == 1,
      tensor.dtype == .float32
    else { return nil }
    return tensor.array(of: Float.self)[0]
  }

  /// Whether `value` is a constant of one element that is within 2⁻²⁰ of `number`, relatively.
  ///
  /// - Throws: the weights' errors.
  public func isScalar(_ value: String, _ number: Double) throws -> Bool {
    guard let scalar = try scalar(value) else { return false }
    return (Double(scalar) - number).magnitude <= number.magnitude * 0x1p-20
  }
}

extension RewritableGraph {
  /// Takes the nodes `indices` out and puts `node` where the last of them stood; it must read
  /// nothing that is made later.
  public mutating func replace(_ indices: Set<Int>, by node: Node) {
    guard let last = indices.max() else { return }
    remove(indices)
    nodes[last] = node
    connect(last)
  }

  /// Takes the nodes `indices` out; nothing may read what they make.
  public mutating func remove(_ indices: Set<Int>) {
    for index in indices {
      disconnect(index)
      nodes[index] = nil
    }
  }

  /// Adds a constant and gives back its name.
  public mutating func addConstant(_ tensor: Tensor, hint: String) -> String {
    let name = freshName(hint)
    let initializer = Initializer(name: name, inline: tensor)
    graph.initializers.append(initializer)
    initializers[ByteString(name)] = initializer
    known[ByteString(name)] = KnownValue(TensorType(tensor.dtype, tensor.shape), value: tensor)
    return name
  }

  /// Has every node that reads `old` read `new` instead; the graph's outputs must not name `old`.
  public mutating func redirect(_ old: String, to new: String) {
    guard old != new else { return }
    let moved = readers[ByteString(old)] ?? []
    readers[ByteString(old)] = nil
    for index in moved {
      guard var node = nodes[index] else { continue }
      for input in node.inputs.indices where ByteString(node.inputs[input]) == ByteString(old) {
        node.inputs[input] = new
      }
      nodes[index] = node
    }
    readers[ByteString(new), default: []].append(contentsOf: moved)
  }

  /// A name that no value has.
  public mutating func freshName(_ hint: String) -> String {
    while true {
      freshCount += 1
      let name = "\(hint)~\(freshCount)"
      let key = ByteString(name)
      if producers[key] == nil, initializers[key] == nil, known[key] == nil { return name }
    }
  }

  /// Takes out nodes that nothing reads, and finds anew what is known of the values.
  public mutating func infer() {
    prune()
    // A graph whose types contradict each other is refused when it runs, with its own message.
    known = (try? ShapeInference(registry: registry).infer(result)) ?? known
  }
}
