import FileIO

/// Where each value of a graph comes from, so that parts of the graph can be taken out.
public struct GraphIndex: Sendable {
  /// The graph.
  public let graph: Graph
  /// The position of the node that makes each value.
  public let producers: [ByteString: Int]
  /// The position of each initializer by its value's name.
  public let initializers: [ByteString: Int]
  /// The values that are the same in every run: initializers and what follows from them alone.
  public let constants: Set<ByteString>
  private let reads: [[ByteString]]

  /// Indexes `graph`.
  public init(_ graph: Graph) {
    self.graph = graph
    var producers: [ByteString: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[ByteString(output)] = index }
    }
    self.producers = producers
    initializers = Dictionary(
      graph.initializers.enumerated().map { (ByteString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
    reads = graph.nodes.map(Self.reads)
    constants = Self.constants(graph, reads)
  }

  /// The values that a node reads, those of its bodies among them.
  private static func reads(_ node: Node) -> [ByteString] {
    let inputs = node.inputs.filter { !$0.isEmpty }.map(ByteString.init)
    return inputs + node.subgraphs.flatMap { $0.freeNames.sorted() }
  }

  private static func constants(_ graph: Graph, _ reads: [[ByteString]]) -> Set<ByteString> {
    let given = Set(graph.inputs.map { ByteString($0.name) })
    var constants = Set(graph.initializers.map { ByteString($0.name) }).subtracting(given)
    for (node, reads) in zip(graph.nodes, reads) where reads.allSatisfy(constants.contains) {
      constants.formUnion(node.outputs.filter { !$0.isEmpty }.map(ByteString.init))
    }
    return constants
  }
}

extension GraphIndex {
  /// The part of the graph that computes `outputs`, a graph of its own.
  ///
  /// Its inputs are the values of `stops`, and inputs of the graph, that the part reads, in order of
  /// first use; nodes keep their order; the initializers are those that the part reads. A stop made
  /// by a node that is in the part for the sake of another output is computed, not given.
  ///
  /// - Parameter stops: values that are not computed but given, unless they are among `outputs`.
  public func part(computing outputs: [String], from stops: Set<ByteString>) -> Graph {
    let wanted = Set(outputs.map(ByteString.init))
    var chosen: Set<Int> = []
    var pending = Array(wanted)
    while let value = pending.popLast() {
      guard let producer = producers[value], wanted.contains(value) || !stops.contains(value),
        chosen.insert(producer).inserted
      else { continue }
      pending += reads[producer]
    }
    let order = chosen.sorted()
    var made: Set<ByteString> = []
    var inputs: [ByteString] = []
    var used: [Int] = []
    for index in order {
      for value in reads[index] where !made.contains(value) {
        made.insert(value)
        if let initializer = initializers[value] {
          used.append(initializer)
        } else if producers[value].map(chosen.contains) != true {
          inputs.append(value)
        }
      }
      made.formUnion(graph.nodes[index].outputs.map(ByteString.init))
    }
    return Graph(
      name: graph.name, inputs: inputs.map { ValueInfo(name: $0.text, type: TensorType(nil, nil)) },
      outputs: outputs.map { ValueInfo(name: $0, type: TensorType(nil, nil)) },
      nodes: order.map { graph.nodes[$0] },
      initializers: used.sorted().map { graph.initializers[$0] })
  }
}
