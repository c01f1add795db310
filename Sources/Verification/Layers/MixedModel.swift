import FileIO
import ModelGraph
import Tensors

/// A candidate in which some layers are the reference's, with their weights rounded to fp16.
struct MixedModel {
  let reference: Component
  let candidate: Component
  private let referenceGraph: Graph
  private let candidateGraph: Graph
  private let plan: LayerPlan

  init(
    reference: Component, _ referenceGraph: Graph, candidate: Component, _ candidateGraph: Graph
  ) throws(VerificationError) {
    self.reference = reference
    self.candidate = candidate
    self.referenceGraph = referenceGraph
    self.candidateGraph = candidateGraph
    plan = try LayerPlan(reference: referenceGraph, candidate: candidateGraph)
  }

  /// The weights that the candidate stores as integers, each with the layers that use it, in order.
  var quantizedWeights: [String] {
    var order: [String] = []
    for layer in plan.layers {
      for weight in layer.quantizedWeights(of: candidate) where !order.contains(weight) {
        order.append(weight)
      }
    }
    return order
  }

  /// The component in which the layers that use one of `kept` weights are the reference's.
  func component(keeping kept: Set<String>) throws -> (component: Component, graph: Graph) {
    var builder = MixedGraph()
    for layer in plan.layers {
      let isKept = layer.quantizedWeights(of: candidate).contains(where: kept.contains)
      builder.add(isKept ? layer.reference : layer.candidate, isReference: isKept)
    }
    var component = candidate
    component.weights = CombinedWeights(
      candidate: candidate.weights, reference: reference.weights)
    let graph = builder.graph(
      inputs: candidateGraph.inputs, outputs: candidateGraph.outputs, name: candidateGraph.name)
    component.graphs = [graph]
    return (component, graph)
  }
}

extension LayerPlan.Layer {
  /// The weights of the layer that `component` stores as integers; none for layers with bodies, which
  /// are left as they are: what a body reads from around it keeps its name.
  fileprivate func quantizedWeights(of component: Component) -> [String] {
    guard reference.nodes.allSatisfy({ $0.subgraphs.isEmpty }) else { return [] }
    return candidate.initializers.compactMap(\.weightName).filter {
      component.quantization[$0] != nil
    }
  }
}

/// A graph put together of parts of two others.
private struct MixedGraph {
  private var nodes: [Node] = []
  private var initializers: [Initializer] = []
  private var defined: Set<ByteString> = []

  /// Adds a part. What the parts of one side share is added once; names that the reference's parts
  /// define besides their outputs are set apart, since the candidate may mean something else by them.
  mutating func add(_ part: Graph, isReference: Bool) {
    let outputs = Set(part.outputs.map { ByteString($0.name) })
    let inputs = Set(part.inputs.map { ByteString($0.name) })
    func renamed(_ name: String) -> String {
      let key = ByteString(name)
      guard isReference, !name.isEmpty, !outputs.contains(key), !inputs.contains(key) else {
        return name
      }
      return CombinedWeights.prefix + name
    }
    for initializer in part.initializers {
      var initializer = initializer
      let name = renamed(initializer.name)
      guard defined.insert(ByteString(name)).inserted else { continue }
      guard isReference, let weight = initializer.weightName else {
        initializer.name = name
        initializers.append(initializer)
        continue
      }
      add(
        Initializer(
          name: name, dtype: initializer.dtype, shape: initializer.shape,
          weight: CombinedWeights.prefix + weight))
    }
    for node in part.nodes {
      var node = node
      node.inputs = node.inputs.map(renamed)
      node.outputs = node.outputs.map(renamed)
      let isNew = node.outputs.contains { !$0.isEmpty && defined.insert(ByteString($0)).inserted }
      if isNew { nodes.append(node) }
    }
  }

  /// Adds a weight of the reference, rounded to fp16 where it is fp32.
  private mutating func add(_ weight: Initializer) {
    guard weight.dtype == .float32, weight.shape.rank > 1 else {
      initializers.append(weight)
      return
    }
    var stored = weight
    stored.name = weight.name + ".fp32"
    initializers.append(stored)
    let half = weight.name + ".fp16"
    nodes.append(.cast(stored.name, to: .float16, as: half))
    nodes.append(.cast(half, to: .float32, as: weight.name))
  }

  func graph(inputs: [ValueInfo], outputs: [ValueInfo], name: String) -> Graph {
    Graph(name: name, inputs: inputs, outputs: outputs, nodes: nodes, initializers: initializers)
  }
}

extension Node {
  fileprivate static func cast(_ input: String, to dtype: DType, as output: String) -> Node {
    Node(
      "Cast", name: output, inputs: [input], outputs: [output],
      attributes: ["to": .int(Int64(dtype.rawValue))])
  }
}
