import FileIO
import ModelGraph
import Operators
import Tensors

/// Writes the gradient of a graph, node by node from the last.
struct GradientBuilder {
  private(set) var forward: Graph
  private(set) var backward: Graph
  private(set) var kept: [String] = []
  private(set) var seeds: [String: String] = [:]
  private(set) var results: [String: String] = [:]
  private let variables: [String]
  private let known: [ByteString: KnownValue]
  private let registry: OperatorRegistry
  private let tape: GradientTape
  /// Values that change with the variables.
  private var active: Set<ByteString>
  /// For each value, the parts of its gradient so far.
  private var parts: [ByteString: [String]] = [:]

  /// - Throws: `RuntimeError.noGradient` naming all operators without a rule.
  init(_ concrete: ConcreteGraph, variables: [String], registry: OperatorRegistry) throws {
    forward = concrete.graph
    known = concrete.known
    self.variables = variables
    self.registry = registry
    backward = Graph(name: "gradient of \(forward.name)")
    var names = Set(forward.inputs.map { ByteString($0.name) })
    names.formUnion(forward.initializers.map { ByteString($0.name) })
    names.formUnion(forward.nodes.flatMap { $0.outputs.map { ByteString($0) } })
    tape = GradientTape(taken: names)
    active = Set(variables.map { ByteString($0) })
    try activate()
  }

  /// Finds the values that change with the variables.
  private mutating func activate() throws {
    var missing: [String: Int] = [:]
    for node in forward.nodes where !node.reads.isDisjoint(with: active) {
      let made = try registry.make(node)
      if made is any PiecewiseConstantOperator { continue }
      let outputs = node.outputs.filter { !$0.isEmpty }
      guard made is any DifferentiableOperator else {
        let types = outputs.compactMap { known[ByteString($0)]?.type.dtype }
        if types.count < outputs.count || types.contains(where: \.isFloatingPoint) {
          missing[node.qualifiedOpType, default: 0] += 1
        }
        continue
      }
      active.formUnion(outputs.map { ByteString($0) })
    }
    guard missing.isEmpty else {
      throw RuntimeError.noGradient(graph: forward.name, missing)
    }
  }
}

extension GradientBuilder {
  /// Writes both graphs.
  ///
  /// - Throws: `NodeError` where a rule refuses a node.
  mutating func differentiate(_ checkpointing: GradientGraph.Checkpointing) throws {
    seedOutputs()
    var recomputation = Recomputation(forward, checkpointing)
    for node in forward.nodes.reversed() {
      let start = tape.nodes.count
      do {
        try differentiate(node)
      } catch {
        throw NodeError(graph: forward.name, node: node, cause: error)
      }
      let copies = recomputation.copies(for: tape.nodes[start...])
      tape.append(copies, before: start)
    }
    finish()
  }

  private mutating func seedOutputs() {
    for output in forward.outputs where active.contains(ByteString(output.name)) {
      let seed = "gradient of output \(output.name)"
      backward.inputs.append(
        ValueInfo(
          name: seed, type: known[ByteString(output.name)]?.type ?? TensorType(nil, nil)))
      seeds[output.name] = seed
      parts[ByteString(output.name), default: []].append(seed)
    }
  }

  private mutating func differentiate(_ node: Node) throws {
    let gradients = node.outputs.map { gradient(of: ByteString($0)) }
    guard gradients.contains(where: { $0 != nil }),
      let made = try registry.make(node) as? any DifferentiableOperator
    else { return }
    let needed = node.inputs.map { active.contains(ByteString($0)) }
    guard needed.contains(true) else { return }
    let site = GradientSite(
      node: node,
      inputs: node.inputs.map { $0.isEmpty ? nil : known[ByteString($0)] ?? unknown },
      outputs: node.outputs.map { known[ByteString($0)] ?? unknown },
      outputGradients: gradients, needed: needed, tape: tape)
    for (index, gradient) in try made.gradient(site).enumerated()
    where index < needed.count && needed[index] {
      if let gradient { parts[ByteString(node.inputs[index]), default: []].append(gradient) }
    }
  }

  private var unknown: KnownValue { KnownValue(TensorType(nil, nil)) }

  /// The gradient with respect to a value: the sum of its parts.
  private mutating func gradient(of value: ByteString) -> String? {
    guard let own = parts[value], let first = own.first else { return nil }
    let sum = own.dropFirst().reduce(first) { tape.add("Add", [$0, $1])[0] }
    parts[value] = [sum]
    return sum
  }

  private mutating func finish() {
    for (index, variable) in variables.enumerated() {
      let name = "gradient.\(index):\(variable)"
      let type = known[ByteString(variable)]?.type ?? TensorType(nil, nil)
      if let gradient = gradient(of: ByteString(variable)) {
        backward.nodes.append(Node("Identity", inputs: [gradient], outputs: [name]))
        backward.outputs.append(ValueInfo(name: name, type: type))
        results[variable] = name
      }
    }
    backward.nodes.insert(contentsOf: tape.nodes, at: 0)
    backward.initializers = tape.constants
    connect()
  }

  /// Hands the forward graph's values that the gradient reads over to it.
  private mutating func connect() {
    backward.removeUnusedNodes()
    let constants = Dictionary(
      forward.initializers.map { (ByteString($0.name), $0) },
      uniquingKeysWith: { first, _ in first })
    let given = Set(forward.inputs.map { ByteString($0.name) })
    let own = Set(seeds.values.map { ByteString($0) })
    for value in backward.freeNames.subtracting(own).sorted() {
      if let constant = constants[value] {
        backward.initializers.append(constant)
        continue
      }
      kept.append(value.text)
      backward.inputs.append(
        ValueInfo(name: value.text, type: known[value]?.type ?? TensorType(nil, nil)))
      if !given.contains(value), !forward.outputs.contains(where: { $0.name == value.text }) {
        forward.outputs.append(
          ValueInfo(name: value.text, type: known[value]?.type ?? TensorType(nil, nil)))
      }
    }
  }
}

extension Graph {
  /// Removes nodes and constants that no output depends on.
  mutating func removeUnusedNodes() {
    var used = Set(outputs.map { ByteString($0.name) })
    var live: [Node] = []
    for node in nodes.reversed()
    where node.outputs.contains(where: { used.contains(ByteString($0)) }) {
      live.append(node)
      used.formUnion(node.reads)
    }
    nodes = live.reversed()
    initializers.removeAll { !used.contains(ByteString($0.name)) }
  }
}
