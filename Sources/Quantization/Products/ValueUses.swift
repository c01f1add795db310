import FileIO
import ModelGraph

/// Where the values of a graph are made and how often they are used.
struct ValueUses {
  let graph: Graph
  private let excluded: Set<ByteString>
  /// The node that makes each value, by number.
  private var producers: [ByteString: Int] = [:]
  private var counts: [ByteString: Int] = [:]
  /// The node that takes each value last, by number.
  private var users: [ByteString: Int] = [:]
  private let initializers: [ByteString: Initializer]
  /// How many initializers each weight is.
  private let weightCounts: [ByteString: Int]

  /// - Parameter excluded: weights that count as used elsewhere.
  init(_ graph: Graph, excluded: Set<ByteString> = []) {
    self.graph = graph
    self.excluded = excluded
    initializers = Dictionary(
      graph.initializers.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    weightCounts = Dictionary(
      graph.initializers.compactMap { initializer in
        initializer.weightName.map { (ByteString($0), 1) }
      }, uniquingKeysWith: +)
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[ByteString(output)] = index }
      for input in node.inputs where !input.isEmpty {
        counts[ByteString(input), default: 0] += 1
        users[ByteString(input)] = index
      }
      for body in node.subgraphs {
        for name in body.freeNames { counts[name, default: 0] += 2 }
      }
    }
    // Beside the graph's own users stands the one who is given the value.
    for output in graph.outputs { counts[ByteString(output.name), default: 0] += 2 }
  }

  /// The number of the node that makes `value`; nil for inputs and initializers.
  func producer(of value: String) -> Int? { producers[ByteString(value)] }

  /// How many inputs of nodes take `value`; more where a body of control flow or the caller does.
  func count(_ value: String) -> Int { counts[ByteString(value), default: 0] }

  /// The node that takes `value`, where one of its inputs is all that does.
  func onlyUser(of value: String) -> Node? {
    guard count(value) == 1 else { return nil }
    return users[ByteString(value)].map { graph.nodes[$0] }
  }

  /// The weight that `value` is an initializer of, where nothing in the graph but one input uses it.
  func ownWeight(_ value: String) -> String? {
    guard count(value) == 1, let initializer = initializers[ByteString(value)],
      let weight = initializer.weightName, !excluded.contains(ByteString(weight)),
      weightCounts[ByteString(weight)] == 1
    else { return nil }
    return weight
  }

  /// Whether `layer` alone uses its weight, through nodes that only move elements.
  func ownsWeight(_ layer: ProductLayer) -> Bool {
    var value = layer.node.inputs[layer.weightInput]
    while let producer = producer(of: value) {
      guard count(value) == 1, let first = graph.nodes[producer].inputs.first else { return false }
      value = first
    }
    return ownWeight(value) == layer.weight
  }
}
