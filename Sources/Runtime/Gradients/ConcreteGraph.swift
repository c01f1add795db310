import FileIO
import ModelGraph
import Operators
import Tensors

/// A graph for inputs of given shapes: chosen weights are inputs, values that follow from shapes and
/// constants alone are constants, and the type of every other value is known.
struct ConcreteGraph {
  private(set) var graph: Graph
  let known: [ByteString: KnownValue]
  private let registry: OperatorRegistry

  /// - Throws: `RuntimeError.noVariable`, or what shape inference throws.
  init(
    _ source: Graph, weights: any TensorSource, variables: [String], shapes: [String: Shape],
    registry: OperatorRegistry
  ) throws {
    self.registry = registry
    graph = source
    try Self.takeAsInputs(variables, &graph)
    try Self.holdSmallWeights(weights, &graph)
    var given: [String: KnownValue] = [:]
    for input in graph.requiredInputs {
      guard let shape = shapes[input.name] else { continue }
      given[input.name] = KnownValue(TensorType(input.type.dtype ?? .float32, shape))
    }
    known = try ShapeInference(registry: registry).infer(graph, inputs: given)
    foldConstants()
    graph.removeUnusedNodes()
    for index in graph.inputs.indices {
      if let type = known[ByteString(graph.inputs[index].name)]?.type {
        graph.inputs[index].type = type
      }
    }
  }

  /// Weights of more elements than this are not looked at: they are no scales or extents.
  private static let smallWeight = 64

  /// Takes small weights into the graph, so that the shapes that follow from them are known.
  private static func holdSmallWeights(_ weights: any TensorSource, _ graph: inout Graph) throws {
    let reader = WeightReader(weights)
    for (index, initializer) in graph.initializers.enumerated()
    where initializer.weightName != nil && initializer.shape.elementCount <= smallWeight {
      graph.initializers[index] = Initializer(
        name: initializer.name, inline: try reader.tensor(initializer, graph: graph.name))
    }
  }

  private static func takeAsInputs(_ variables: [String], _ graph: inout Graph) throws {
    let wanted = Set(variables.map { ByteString($0) })
    let inputs = Set(graph.requiredInputs.map { ByteString($0.name) })
    let weights = graph.initializers.filter { wanted.contains(ByteString($0.name)) }
    let found = inputs.union(weights.map { ByteString($0.name) })
    if let missing = variables.first(where: { !found.contains(ByteString($0)) }) {
      throw RuntimeError.noVariable(graph: graph.name, name: missing)
    }
    graph.initializers.removeAll { wanted.contains(ByteString($0.name)) }
    let declared = Set(graph.inputs.map { ByteString($0.name) })
    for weight in weights where !declared.contains(ByteString(weight.name)) {
      graph.inputs.append(
        ValueInfo(name: weight.name, type: TensorType(weight.dtype, weight.shape)))
    }
  }

  /// Replaces nodes whose results are known by constants.
  private mutating func foldConstants() {
    var nodes: [Node] = []
    for node in graph.nodes {
      let outputs = node.outputs.filter { !$0.isEmpty }
      let values = outputs.compactMap { known[ByteString($0)]?.value }
      guard values.count == outputs.count else {
        nodes.append(node)
        continue
      }
      graph.initializers += zip(outputs, values).map { Initializer(name: $0, inline: $1) }
    }
    graph.nodes = nodes
  }
}

extension Node {
  /// The values of its graph that the node reads, those that its bodies use included.
  var reads: Set<ByteString> {
    subgraphs.reduce(into: Set(inputs.filter { !$0.isEmpty }.map { ByteString($0) })) {
      $0.formUnion($1.freeNames)
    }
  }
}
