import FileIO
import ModelGraph

/// Computes values of the forward graph that were not kept once more, where the gradient needs them.
struct Recomputation {
  /// The node that makes each value.
  private var producers: [ByteString: Int] = [:]
  private let nodes: [Node]
  /// Values that are there: kept, or computed once more.
  private var present: Set<ByteString> = []

  /// Cuts `graph` into segments of about as many nodes each.
  init(_ graph: Graph, _ checkpointing: GradientGraph.Checkpointing) {
    nodes = graph.nodes
    guard case .segments(let count) = checkpointing, count > 0, !nodes.isEmpty else { return }
    let length = (nodes.count + count - 1) / count
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { producers[ByteString(output)] = index }
    }
    for (index, node) in nodes.enumerated() {
      for value in node.reads {
        guard let producer = producers[value], producer / length != index / length else { continue }
        present.insert(value)
      }
    }
    present.formUnion(graph.outputs.map { ByteString($0.name) })
  }

  /// The nodes, in order, that make what `readers` read and is not there.
  mutating func copies(for readers: some Sequence<Node>) -> [Node] {
    var wanted: Set<Int> = []
    var stack = readers.flatMap { Array($0.reads) }
    while let value = stack.popLast() {
      guard let producer = producers[value], !present.contains(value) else { continue }
      if wanted.insert(producer).inserted { stack += nodes[producer].reads }
    }
    let copies = wanted.sorted().map { nodes[$0] }
    for copy in copies { present.formUnion(copy.outputs.map { ByteString($0) }) }
    return copies
  }
}
