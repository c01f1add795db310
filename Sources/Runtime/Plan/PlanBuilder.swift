import FileIO
import ModelGraph
import Operators
import Tensors

/// Turns a graph into a plan: makes the operators, computes what is constant, packs weights, and
/// finds where each value is used last.
///
/// Weights are read one node at a time, so that packed ones never stand beside all the plain ones.
struct PlanBuilder {
  private let graph: Graph
  private let weights: WeightReader
  private let rewriting: GraphRewriting
  private var slots: [ByteString: Int] = [:]
  private var slotCount = 0
  private var operands: [Int: Operand] = [:]
  private var steps: [Plan.Step] = []

  /// A constant value, read or computed when it is first needed.
  private enum Operand {
    case initializer(Initializer)
    case constant(ConstantOperand)
    /// A node that makes real numbers of a stored weight; read anew for each user, so that a weight
    /// that an operator packs is not kept beside it.
    case conversion(Node, any Operator, inputs: [Int?])
  }

  private init(_ graph: Graph, _ weights: WeightReader, _ rewriting: GraphRewriting) {
    self.graph = graph
    self.weights = weights
    self.rewriting = rewriting
  }

  /// The plan of `graph` after its rewriting.
  ///
  /// - Parameter captures: for a body, the names of the graphs around that it uses; they become
  ///   further inputs. Nil for a graph of its own.
  static func plan(
    _ graph: Graph, weights: WeightReader, rewriting: GraphRewriting,
    captures: [ByteString]? = nil
  ) throws -> Plan {
    try plan(
      rewritten: rewriting.rewritten(graph, weights: weights), weights: weights,
      rewriting: rewriting, captures: captures)
  }

  /// The plan of a graph that has gone through its rewriting.
  static func plan(
    rewritten graph: Graph, weights: WeightReader, rewriting: GraphRewriting,
    captures: [ByteString]? = nil
  ) throws -> Plan {
    var builder = PlanBuilder(graph, weights, rewriting)
    return try builder.build(captures: captures)
  }
}

extension PlanBuilder {
  private mutating func build(captures: [ByteString]?) throws -> Plan {
    // A body's own inputs are all given, by position.
    let given = captures == nil ? graph.requiredInputs : graph.inputs
    let captured = (captures ?? []).map { ValueInfo(name: $0.text, type: TensorType(nil, nil)) }
    let inputs = given + captured
    let inputSlots = inputs.map { define($0.name) }
    for initializer in graph.initializers where slots[ByteString(initializer.name)] == nil {
      operands[define(initializer.name)] = .initializer(initializer)
    }
    for node in graph.nodes {
      do {
        try add(node)
      } catch {
        throw NodeError(graph: graph.name, node: node, cause: error)
      }
    }
    let outputSlots = try graph.outputs.map { try slot($0.name, user: "the graph's outputs") }
    try releaseDeadValues(keeping: Set(outputSlots))
    return Plan(
      name: graph.name, inputs: inputs, inputSlots: inputSlots, outputs: graph.outputs,
      outputSlots: outputSlots, slotCount: slotCount,
      constants: try remainingConstants(outputSlots), steps: steps)
  }

  private mutating func define(_ name: String) -> Int {
    let slot = slotCount
    slots[ByteString(name)] = slot
    slotCount += 1
    return slot
  }

  private func slot(_ name: String, user: String) throws -> Int {
    guard let slot = slots[ByteString(name)] else {
      throw GraphError.undefinedValue(graph: graph.name, name: name, user: user)
    }
    return slot
  }

  private mutating func add(_ node: Node) throws {
    let made = try rewriting.registry.make(node)
    var inputs = try node.inputs.map { name -> Int? in
      name.isEmpty ? nil : try slot(name, user: node.label)
    }
    if try addConstant(node, made, inputs) { return }
    let (prepared, consumed) = try prepare(made, inputs)
    for index in consumed { inputs[index] = nil }
    let bodies = try bodyPlans(node)
    let outputs = node.outputs.map { $0.isEmpty ? nil : define($0) }
    steps.append(
      Plan.Step(node: node, made: prepared, inputs: inputs, outputs: outputs, bodies: bodies))
  }

  private mutating func bodyPlans(_ node: Node) throws -> [String: Plan.Body] {
    var bodies: [String: Plan.Body] = [:]
    for (name, value) in node.attributes {
      guard case .graph(let body) = value else { continue }
      let captures = body.freeNames.sorted()
      let captureSlots = try captures.map { try slot($0.text, user: node.label) }
      let plan = try Self.plan(
        body, weights: weights, rewriting: rewriting, captures: captures)
      bodies[name] = Plan.Body(plan: plan, captures: captureSlots)
    }
    return bodies
  }
}

extension PlanBuilder {
  /// Computes a node all of whose inputs are constants; false where some are not.
  ///
  /// A Cast or DequantizeLinear of a weight is kept as it is, for the operator that will pack it.
  private mutating func addConstant(
    _ node: Node, _ made: any Operator, _ inputs: [Int?]
  ) throws -> Bool {
    let known = inputs.compactMap { $0 }
    guard !known.isEmpty || node.inputs.isEmpty, node.subgraphs.isEmpty,
      known.allSatisfy({ operands[$0] != nil })
    else { return false }
    if try isConversion(node, inputs) {
      operands[define(node.outputs[0])] = .conversion(node, made, inputs: inputs)
      return true
    }
    let values = try inputs.map { try $0.map(constantTensor) }
    let requested = node.outputs.map { !$0.isEmpty }
    let results = try made.run(ExecutionContext(inputs: values, requestedOutputs: requested))
    for (name, result) in zip(node.outputs, results) where !name.isEmpty {
      guard let result else { throw OperatorError.unsupported("a constant without a value") }
      operands[define(name)] = .constant(.tensor(result))
    }
    return true
  }

  /// Whether a node makes another form of a stored weight: a Cast of halves, a DequantizeLinear, a
  /// Transpose of one of those or of a weight itself.
  private func isConversion(_ node: Node, _ inputs: [Int?]) throws -> Bool {
    guard node.domain.isEmpty, let first = inputs.first, let weight = first else { return false }
    if node.opType == "Transpose" { return isWeight(weight) }
    guard let dtype = storedType(weight) else { return false }
    switch node.opType {
    case "Cast":
      guard case .int(let code)? = node.attributes["to"] else { return false }
      return code == Int64(DType.float32.rawValue) && [.float16, .bfloat16].contains(dtype)
    case "DequantizeLinear":
      return inputs.count >= 2 && inputs[1].flatMap(storedType) == .float32
    default: return false
    }
  }

  private func isWeight(_ slot: Int) -> Bool {
    switch operands[slot] {
    case .initializer(let initializer)?: initializer.weightName != nil
    case .conversion?: true
    default: false
    }
  }

  /// The type of a constant's elements as they are stored; nil for one that is converted.
  private func storedType(_ slot: Int) -> DType? {
    switch operands[slot] {
    case .initializer(let initializer)?: initializer.dtype
    case .constant(.tensor(let tensor))?: tensor.dtype
    default: nil
    }
  }

  private func converted(
    _ node: Node, _ made: any Operator, _ inputs: [Int?]
  ) throws -> ConstantOperand {
    guard let first = inputs.first, let slot = first else {
      throw OperatorError.missingInput(index: 0, name: "x")
    }
    if node.opType == "Transpose" {
      guard let operand = try operand(slot) else {
        throw OperatorError.missingInput(index: 0, name: "data")
      }
      return try operand.transposed(by: made)
    }
    let values = try constantTensor(slot)
    if node.opType == "Cast" { return .cast(values, to: .float32) }
    if let operand = try dequantized(values, node, made, inputs) { return operand }
    let given = try inputs.map { try $0.map(constantTensor) }
    let results = try made.run(ExecutionContext(inputs: given, requestedOutputs: [true]))
    guard let result = results.first.flatMap({ $0 }) else {
      throw OperatorError.unsupported("a constant without a value")
    }
    return .tensor(result)
  }

  private func dequantized(
    _ values: Tensor, _ node: Node, _ made: any Operator, _ inputs: [Int?]
  ) throws -> ConstantOperand? {
    guard inputs.count >= 2, let scaleSlot = inputs[1] else { return nil }
    let scale = try constantTensor(scaleSlot)
    guard scale.dtype == .float32 else { return nil }
    var attributes = AttributeReader(node)
    let axis = try attributes.int("axis", default: 1)
    let blockSize = try attributes.int("block_size", default: 0)
    let zeroPoint = inputs.count > 2 ? try inputs[2].map(constantTensor) : nil
    guard let normalized = values.shape.normalizedAxis(axis) ?? (scale.shape.rank == 0 ? 0 : nil)
    else { return nil }
    return .dequantized(
      DequantizedOperand(
        values: values, scale: scale, zeroPoint: zeroPoint, axis: normalized,
        blockSize: blockSize, dequantize: made))
  }

  private func operand(_ slot: Int) throws -> ConstantOperand? {
    switch operands[slot] {
    case nil: nil
    case .initializer(let initializer)?:
      .tensor(try weights.tensor(initializer, graph: graph.name))
    case .constant(let operand)?: operand
    case .conversion(let node, let made, let inputs)?: try converted(node, made, inputs)
    }
  }

  private func constantTensor(_ slot: Int) throws -> Tensor {
    guard let operand = try operand(slot) else {
      throw OperatorError.unsupported("a value that is not constant where one is needed")
    }
    return try operand.materialized()
  }

  private func prepare(
    _ made: any Operator, _ inputs: [Int?]
  ) throws -> (any Operator, Set<Int>) {
    guard let preparable = made as? any PreparableOperator else { return (made, []) }
    let constants = try inputs.map { slot -> ConstantOperand? in
      guard let slot else { return nil }
      return try operand(slot)
    }
    guard let result = try preparable.prepared(constants) else { return (made, []) }
    return (result.operator, result.consumedInputs)
  }
}

extension PlanBuilder {
  /// The constants that some step, body or output still reads.
  private func remainingConstants(_ outputSlots: [Int]) throws -> [Int: Tensor] {
    var used = Set(outputSlots)
    for step in steps { used.formUnion(step.reads) }
    var constants: [Int: Tensor] = [:]
    for slot in used.sorted() where operands[slot] != nil {
      constants[slot] = try constantTensor(slot)
    }
    return constants
  }

  private mutating func releaseDeadValues(keeping kept: Set<Int>) throws {
    var seen = kept.union(operands.keys)
    for index in steps.indices.reversed() {
      let touched = steps[index].reads + steps[index].outputs.compactMap { $0 }
      steps[index].released = touched.filter { seen.insert($0).inserted }
    }
  }
}

extension Plan.Step {
  /// The slots this step reads: its inputs and what its bodies capture.
  var reads: [Int] {
    inputs.compactMap { $0 } + bodies.sorted { $0.key < $1.key }.flatMap(\.value.captures)
  }
}
