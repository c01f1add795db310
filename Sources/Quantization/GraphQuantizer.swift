import FileIO
import ModelGraph
import Tensors

/// Rewrites a graph so that its quantized weights are dequantized where they were used.
///
/// The value that was the weight is then made by a DequantizeLinear (or Cast) node; all users keep
/// their inputs.
struct GraphQuantizer {
  private let decisions: [ByteString: (decision: TensorDecision, names: GeneratedNames?)]

  init(_ decisions: [TensorDecision], _ names: [GeneratedNames?]) {
    self.decisions = Dictionary(
      zip(decisions, names).map { (ByteString($0.tensor.name), ($0, $1)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// `graph` with its weights, and those of the bodies in it, in their stored forms.
  func rewrite(_ graph: Graph) -> Graph {
    var rewritten = graph
    var taken = graph.definedNames
    var added: [Node] = []
    rewritten.initializers = graph.initializers.flatMap { initializer -> [Initializer] in
      guard let weight = initializer.weightName, let entry = decisions[ByteString(weight)],
        entry.decision.scheme != .keep
      else { return [initializer] }
      let (stored, nodes) = restore(
        initializer, weight, entry.decision, entry.names, in: graph, &taken)
      added += nodes
      return stored
    }
    rewritten.nodes = added + graph.nodes.map(rewriteBodies)
    return rewritten
  }

  private func rewriteBodies(_ node: Node) -> Node {
    var node = node
    node.attributes = node.attributes.mapValues { value in
      switch value {
      case .graph(let body): .graph(rewrite(body))
      case .graphs(let bodies): .graphs(bodies.map(rewrite))
      default: value
      }
    }
    return node
  }

  private func restore(
    _ initializer: Initializer, _ weight: String, _ decision: TensorDecision,
    _ names: GeneratedNames?, in graph: Graph, _ taken: inout Set<ByteString>
  ) -> (stored: [Initializer], nodes: [Node]) {
    let name = initializer.name
    let stored = GeneratedNames.free("\(name).stored", &taken)
    switch decision.scheme {
    case .keep: return ([initializer], [])
    case .float(let dtype):
      return (
        [Initializer(name: stored, dtype: dtype, shape: initializer.shape, weight: weight)],
        [.cast(stored, to: initializer.dtype, as: name)]
      )
    case .integer(let scheme):
      guard let names, let granularity = decision.granularity else { return ([initializer], []) }
      let scaleShape = ScaleLayout(shape: initializer.shape, granularity: granularity).scaleShape
      var initializers = [
        Initializer(name: stored, dtype: scheme.dtype, shape: initializer.shape, weight: weight)
      ]
      let scale = GeneratedNames.free("\(name).scale", &taken)
      initializers.append(
        Initializer(name: scale, dtype: .float32, shape: scaleShape, weight: names.scale))
      var inputs = [stored, scale]
      if let zeroPoint = names.zeroPoint {
        let value = GeneratedNames.free("\(name).zero_point", &taken)
        initializers.append(
          Initializer(name: value, dtype: scheme.dtype, shape: scaleShape, weight: zeroPoint))
        inputs.append(value)
      }
      // DequantizeLinear gives fp32; a weight of another type used otherwise than by casts is
      // brought back to its own type.
      let needsCast = initializer.dtype != .float32 && !graph.onlyCasts(name)
      let real = needsCast ? GeneratedNames.free("\(name).real", &taken) : name
      var nodes = [Node.dequantize(inputs, granularity, as: real)]
      if needsCast { nodes.append(.cast(real, to: initializer.dtype, as: name)) }
      return (initializers, nodes)
    }
  }
}

extension Node {
  fileprivate static func cast(_ input: String, to dtype: DType, as output: String) -> Node {
    Node(
      "Cast", name: output, inputs: [input], outputs: [output],
      attributes: ["to": .int(Int64(dtype.rawValue))])
  }

  fileprivate static func dequantize(
    _ inputs: [String], _ granularity: Granularity, as output: String
  ) -> Node {
    Node(
      "DequantizeLinear", name: output, inputs: inputs, outputs: [output],
      attributes: granularity.dequantizeAttributes)
  }
}

extension Graph {
  /// Every name that the graph itself defines.
  fileprivate var definedNames: Set<ByteString> {
    var names = Set(inputs.map { ByteString($0.name) })
    names.formUnion(initializers.map { ByteString($0.name) })
    for node in nodes { names.formUnion(node.outputs.map(ByteString.init)) }
    return names
  }

  /// Whether all uses of `name` are Cast nodes of this graph.
  fileprivate func onlyCasts(_ name: String) -> Bool {
    let key = ByteString(name)
    let isOutput = outputs.contains { ByteString($0.name) == key }
    return !isOutput
      && nodes.allSatisfy { node in
        if node.subgraphs.contains(where: { $0.freeNames.contains(key) }) { return false }
        return node.opType == "Cast" || !node.inputs.contains { ByteString($0) == key }
      }
  }
}
