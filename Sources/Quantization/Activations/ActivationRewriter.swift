import FileIO
import ModelGraph
import Tensors

/// Puts quantize and dequantize nodes in front of the layers of a graph.
///
/// Static: QuantizeLinear → DequantizeLinear with constant scales, or with scales looked up by the
/// timestep. Dynamic: DynamicQuantizeLinear → DequantizeLinear. The value itself stays for other
/// users. Both mean the same in every ONNX runtime.
struct ActivationRewriter {
  private var graph: Graph
  private var taken: Set<ByteString>
  private let parameters: [ByteString: [ScaleParameters]]
  private let timesteps: [Float]
  private var added: [Int: [Node]] = [:]
  private var restored: [Key: String] = [:]
  private var stepIndex: String?

  private struct Key: Hashable {
    let value: ByteString
    let scheme: ActivationScheme
  }

  /// - Parameters:
  ///   - parameters: the static parameters of each value.
  ///   - timesteps: the timesteps that per-step parameters are for.
  init(_ graph: Graph, _ parameters: [ByteString: [ScaleParameters]], timesteps: [Float]) {
    self.graph = graph
    self.parameters = parameters
    self.timesteps = timesteps
    taken = Set(graph.inputs.map { ByteString($0.name) })
    taken.formUnion(graph.initializers.map { ByteString($0.name) })
    for node in graph.nodes { taken.formUnion(node.outputs.map(ByteString.init)) }
  }

  /// The graph with the sites' values quantized; node numbers are those of the graph given.
  ///
  /// - Throws: what making a constant throws.
  static func rewrite(
    _ graph: Graph, _ sites: [ActivationSite], _ parameters: [ByteString: [ScaleParameters]],
    timesteps: [Float]
  ) throws -> Graph {
    var rewriter = ActivationRewriter(graph, parameters, timesteps: timesteps)
    let ordered = sites.sorted { $0.firstUser < $1.firstUser }
    for site in ordered { try rewriter.quantize(site) }
    return rewriter.assembled()
  }

  private func assembled() -> Graph {
    var result = graph
    result.nodes = graph.nodes.enumerated().flatMap { (added[$0] ?? []) + [$1] }
    return result
  }
}

extension ActivationRewriter {
  private mutating func quantize(_ site: ActivationSite) throws {
    let first = site.firstUser
    let real: String
    if site.parts.isEmpty {
      real = try restore(site.value, site.scheme, before: first)
    } else {
      let parts = try site.parts.map { try restore($0, site.scheme, before: first) }
      real = GeneratedNames.free("\(site.value).dequantized", &taken)
      let axis = graph.nodes.first { $0.outputs.contains(site.value) }?.attributes ?? [:]
      append(
        Node("Concat", name: real, inputs: parts, outputs: [real], attributes: axis),
        before: first)
    }
    for user in site.users { graph.nodes[user.node].inputs[user.input] = real }
  }

  /// The dequantized form of `value`, made where it is first needed.
  private mutating func restore(
    _ value: String, _ scheme: ActivationScheme, before node: Int
  ) throws -> String {
    let key = Key(value: ByteString(value), scheme: scheme)
    if let known = restored[key] { return known }
    let quantized = GeneratedNames.free("\(value).quantized", &taken)
    let real = GeneratedNames.free("\(value).dequantized", &taken)
    let scales: [String]
    switch scheme {
    case .none: return value
    case .dynamic:
      scales = [
        GeneratedNames.free("\(value).scale", &taken),
        GeneratedNames.free("\(value).zero_point", &taken),
      ]
      append(
        Node(
          "DynamicQuantizeLinear", name: quantized, inputs: [value],
          outputs: [quantized] + scales), before: node)
    case .fixed(let fixed):
      scales = try parameterValues(value, fixed, before: node)
      append(
        Node("QuantizeLinear", name: quantized, inputs: [value] + scales, outputs: [quantized]),
        before: node)
    }
    append(
      Node("DequantizeLinear", name: real, inputs: [quantized] + scales, outputs: [real]),
      before: node)
    restored[key] = real
    return real
  }

  private mutating func append(_ node: Node, before index: Int) {
    added[index, default: []].append(node)
  }

  /// The names of the scale and the zero point.
  private mutating func parameterValues(
    _ value: String, _ scheme: StaticActivations, before node: Int
  ) throws -> [String] {
    let found = parameters[ByteString(value)] ?? []
    let shape: Shape = found.count == 1 ? .scalar : [found.count]
    let scale = try Tensor(found.map(\.scale), shape)
    let zeroPoint: Tensor =
      if scheme.dtype == .int8 {
        try Tensor(found.map { Int8(clamping: $0.zeroPoint) }, shape)
      } else {
        try Tensor(found.map { UInt8(clamping: $0.zeroPoint) }, shape)
      }
    let names = [
      constant(scale, "\(value).scale"), constant(zeroPoint, "\(value).zero_point"),
    ]
    guard found.count > 1 else { return names }
    let index = try timestepIndex()
    return names.map { name in
      let picked = GeneratedNames.free("\(name).at_step", &taken)
      append(
        Node("Gather", name: picked, inputs: [name, index], outputs: [picked]), before: node)
      return picked
    }
  }

  private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = GeneratedNames.free(stem, &taken)
    graph.initializers.append(Initializer(name: name, inline: tensor))
    return name
  }
}

extension ActivationRewriter {
  /// The number of the step whose timestep is nearest to the graph's (to the first of a batch):
  /// ArgMin |timesteps − t|, made in front of all nodes.
  private mutating func timestepIndex() throws -> String {
    if let stepIndex { return stepIndex }
    guard let input = graph.timestepInput else {
      throw QuantizationError.noTimestepInput(graph: graph.name)
    }
    let table = constant(try Tensor(timesteps), "quantization.timesteps")
    let flat = constant(try Tensor([Int64(-1)]), "quantization.flat")
    let zero = constant(try Tensor([Int64(0)]), "quantization.first")
    func name(_ stem: String) -> String { GeneratedNames.free("quantization.\(stem)", &taken) }
    let names = ["time", "times", "time_of_first", "distance", "magnitude", "step"].map(name)
    let chain: [Node] = [
      Node("Cast", inputs: [input], outputs: [names[0]], attributes: ["to": .int(1)]),
      Node("Reshape", inputs: [names[0], flat], outputs: [names[1]]),
      Node("Gather", inputs: [names[1], zero], outputs: [names[2]]),
      Node("Sub", inputs: [table, names[2]], outputs: [names[3]]),
      Node("Abs", inputs: [names[3]], outputs: [names[4]]),
      Node(
        "ArgMin", inputs: [names[4]], outputs: [names[5]],
        attributes: ["axis": .int(0), "keepdims": .int(0)]),
    ]
    added[0] = chain + (added[0] ?? [])
    stepIndex = names[5]
    return names[5]
  }
}

extension ActivationSite {
  /// The first node that uses the value.
  fileprivate var firstUser: Int { users.map(\.node).min() ?? 0 }
}

extension Graph {
  /// The input that a diffusion model takes the time at: the one called `timestep`, or the only one
  /// whose name has that in it.
  var timestepInput: String? {
    let candidates = requiredInputs.map(\.name).filter { $0.lowercased().contains("timestep") }
    if candidates.contains("timestep") { return "timestep" }
    return candidates.count == 1 ? candidates[0] : nil
  }
}
