import COnnxSchema
import FileIO
import ModelGraph
import Tensors

/// Turns `GraphProto` messages into graphs: functions are inlined, `Constant` nodes become
/// initializers, large tensors become weights.
final class GraphDecoder {
  /// Nodes that a model may have after its functions are inlined.
  static let nodeLimit = 250_000

  /// The model's path.
  let path: String
  /// Decodes the tensors.
  let tensors: TensorDecoder
  /// The model's functions.
  let functions: FunctionTable
  /// The versions of the operator sets.
  let opsets: [String: Int]
  /// The weights found so far.
  private(set) var weights = WeightTable()
  /// What was normalised.
  private(set) var notes: [String] = []
  private var nodeCount = 0
  private var callCount = 0
  private var depth = 0

  init(tensors: TensorDecoder, functions: FunctionTable, opsets: [String: Int]) {
    path = tensors.file.path
    self.tensors = tensors
    self.functions = functions
    self.opsets = opsets
  }
}

extension GraphDecoder {
  /// A graph among the attributes.
  func subgraph(
    _ proto: UnsafeMutablePointer<Onnx__GraphProto>?, in scope: NameScope
  ) throws(ONNXError) -> Graph {
    guard let proto else { return Graph(name: "") }
    // Inlining puts bodies into bodies beyond what the wire's depth limit bounds.
    guard depth < Graph.maximumNesting else {
      throw .graph(
        ONNXPlace(file: path),
        .nestedTooDeeply(graph: text(proto.pointee.name), limit: Graph.maximumNesting))
    }
    depth += 1
    defer { depth -= 1 }
    return try graph(proto, in: scope)
  }

  /// The graph of `proto`, whose names are understood as `scope` says.
  func graph(
    _ proto: UnsafePointer<Onnx__GraphProto>, in scope: NameScope
  ) throws(ONNXError) -> Graph {
    let message = proto.pointee
    var graph = Graph(name: text(message.name))
    graph.opsetImports = opsets
    let values = ValueDecoder(path: path)
    for input in MessageList(message.n_input, message.input) {
      var value = try values.value(input, as: "input")
      value.name = scope(value.name)
      graph.inputs.append(value)
    }
    for output in MessageList(message.n_output, message.output) {
      var value = try values.value(output, as: "output")
      value.name = scope(value.name)
      graph.outputs.append(value)
    }
    try addValueTypes(message.n_value_info, message.value_info, to: &graph, in: scope)
    try addInitializers(message, to: &graph, in: scope)
    for node in MessageList(message.n_node, message.node) {
      try add(node.pointee, to: &graph, in: scope)
    }
    return graph
  }

  private func addValueTypes(
    _ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__ValueInfoProto>?>?,
    to graph: inout Graph, in scope: NameScope
  ) throws(ONNXError) {
    let values = ValueDecoder(path: path)
    for info in MessageList(count, items) {
      guard let value = try values.intermediate(info) else { continue }
      graph.valueTypes[scope(value.name)] = value.type
    }
  }

  private func addInitializers(
    _ message: Onnx__GraphProto, to graph: inout Graph, in scope: NameScope
  ) throws(ONNXError) {
    var names: Set<ByteString> = []
    for tensor in MessageList(message.n_initializer, message.initializer) {
      let name = scope(text(tensor.pointee.name))
      let stored = try tensors.decode(tensor, name: name)
      try checkName(name, of: stored, among: &names)
      try add(stored, isConstant: false, to: &graph)
    }
    for sparse in MessageList(message.n_sparse_initializer, message.sparse_initializer) {
      let name = scope(text(sparse.pointee.values?.pointee.name))
      let stored = try tensors.decode(sparse: sparse, name: name)
      try checkName(name, of: stored, among: &names)
      try add(stored, isConstant: false, to: &graph)
    }
  }

  private func checkName(
    _ name: String, of tensor: StoredTensor, among names: inout Set<ByteString>
  ) throws(ONNXError) {
    guard !name.isEmpty else { throw .unnamedInitializer(tensor.place.field("name")) }
    guard names.insert(ByteString(name)).inserted else {
      throw .duplicateInitializer(tensor.place.field("name"))
    }
  }

  /// Adds a tensor to the graph, in memory or as a weight.
  private func add(
    _ stored: StoredTensor, isConstant: Bool, to graph: inout Graph
  ) throws(ONNXError) {
    try notePadding(of: stored)
    let info = stored.info
    guard !WeightTable.isInline(info, isConstant: isConstant) else {
      let tensor = try stored.tensor(limit: TensorDecoder.stringLimit)
      return graph.initializers.append(Initializer(name: info.name, inline: tensor))
    }
    graph.initializers.append(
      Initializer(
        name: info.name, dtype: info.dtype, shape: info.shape, weight: weights.insert(stored)))
  }

  private func notePadding(of stored: StoredTensor) throws(ONNXError) {
    guard let mask = stored.info.paddingMask, case .raw(let file, let offset) = stored.payload
    else { return }
    var last: UInt8 = 0
    let place = offset + UInt64(stored.info.byteCount - 1)
    do {
      try withUnsafeMutableBytes(of: &last) { try file.read(into: $0, at: place) }
    } catch {
      throw .source(stored.place, message: "\(error)")
    }
    if last & mask != 0 {
      notes.append("\(stored.place): bits after the last element were not zero; cleared")
    }
  }
}

// MARK: - Nodes

extension GraphDecoder {
  private func add(
    _ node: Onnx__NodeProto, to graph: inout Graph, in scope: NameScope
  ) throws(ONNXError) {
    nodeCount += 1
    guard nodeCount <= Self.nodeLimit else {
      throw .tooManyNodes(place(node), limit: Self.nodeLimit)
    }
    let opType = text(node.op_type)
    guard !opType.isEmpty else { throw .missingOperator(place(node).field("op_type")) }
    if let function = functions[FunctionTable.key(of: node)] {
      return try inline(function, for: node, to: &graph, in: scope)
    }
    let domain = FunctionTable.normalized(text(node.domain))
    guard domain.isEmpty == false || opsets[""] != nil else {
      throw .missingOpset(place(node), domain: domain)
    }
    if domain.isEmpty, opType == "Constant" {
      return try addConstant(node, place(node), to: &graph, in: scope)
    }
    let name = text(node.name)
    graph.nodes.append(
      Node(
        opType, name: scope(name), domain: domain,
        inputs: texts(node.n_input, node.input).map { scope($0) },
        outputs: texts(node.n_output, node.output).map { scope($0) },
        attributes: try attributes(
          node.n_attribute, node.attribute, of: { label(node) }, in: scope)))
  }

  /// Where a node stands.
  private func place(_ node: Onnx__NodeProto) -> ONNXPlace {
    ONNXPlace(file: path, offset: node.scan_offset, subject: label(node))
  }

  /// A node as messages name it.
  func label(_ node: Onnx__NodeProto) -> String {
    let outputs = texts(node.n_output, node.output)
    return "node "
      + Node(
        text(node.op_type), name: text(node.name),
        domain: FunctionTable.normalized(text(node.domain)), inputs: [], outputs: outputs
      ).label
  }

  private func addConstant(
    _ node: Onnx__NodeProto, _ place: ONNXPlace, to graph: inout Graph, in scope: NameScope
  ) throws(ONNXError) {
    let outputs = texts(node.n_output, node.output).map { scope($0) }
    guard node.n_attribute == 1, let attribute = node.attribute?[0], outputs.count == 1,
      !outputs[0].isEmpty, node.n_input == 0
    else { throw .malformedConstant(place) }
    let name = outputs[0]
    guard !graph.inputs.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw .graph(
        ONNXPlace(file: path, offset: node.scan_offset),
        .duplicateValue(
          graph: graph.name, name: name, first: "an input", second: "an output of \(label(node))"))
    }
    let kind = try? AttributeKind.of(attribute.pointee) { place }
    if kind == .tensor, text(attribute.pointee.ref_attr_name).isEmpty,
      let tensor = attribute.pointee.t
    {
      return try add(tensors.decode(tensor, name: name), isConstant: true, to: &graph)
    }
    if kind == .sparseTensor, let sparse = attribute.pointee.sparse_tensor {
      return try add(tensors.decode(sparse: sparse, name: name), isConstant: true, to: &graph)
    }
    let values = try attributes(1, node.attribute, of: { label(node) }, in: scope)
    guard let value = values.first?.value, let tensor = try Self.tensor(of: value, place) else {
      throw .malformedConstant(place)
    }
    graph.initializers.append(Initializer(name: name, inline: tensor))
  }

  /// The tensor that a `Constant` node's attribute stands for (ONNX Constant, opset 13).
  private static func tensor(
    of value: AttributeValue, _ place: ONNXPlace
  ) throws(ONNXError) -> Tensor? {
    do throws(TensorError) {
      switch value {
      case .tensor(let tensor): return tensor
      case .int(let value): return try Tensor(scalar: value)
      case .float(let value): return try Tensor(scalar: value)
      case .ints(let values): return try Tensor(values)
      case .floats(let values): return try Tensor(values)
      case .string(let bytes): return try strings([bytes], .scalar)
      case .strings(let all): return try strings(all, [all.count])
      case .graph, .graphs, .tensors: return nil
      }
    } catch {
      throw .source(place, message: error.description)
    }
  }

  private static func strings(
    _ bytes: [[UInt8]], _ shape: Shape
  ) throws(TensorError) -> Tensor? {
    let texts = bytes.compactMap { String(validating: $0, as: UTF8.self) }
    return texts.count == bytes.count ? try Tensor(strings: texts, shape) : nil
  }
}

// MARK: - Functions

extension GraphDecoder {
  /// Adds the nodes of a function's body in the place of `call`.
  private func inline(
    _ function: Onnx__FunctionProto, for call: Onnx__NodeProto, to graph: inout Graph,
    in outer: NameScope
  ) throws(ONNXError) {
    let formalInputs = texts(function.n_input, function.input)
    let formalOutputs = texts(function.n_output, function.output)
    let inputs = texts(call.n_input, call.input).map { outer($0) }
    let outputs = texts(call.n_output, call.output).map { outer($0) }
    guard inputs.count <= formalInputs.count else {
      throw .functionArity(
        place(call).field("input"), expected: formalInputs.count, found: inputs.count)
    }
    guard outputs.count <= formalOutputs.count else {
      throw .functionArity(
        place(call).field("output"), expected: formalOutputs.count, found: outputs.count)
    }
    var scope = NameScope(
      prefix: freshPrefix(text(function.name)),
      attributes: try callAttributes(function, call, in: outer))
    for (index, formal) in formalInputs.enumerated() {
      _ = scope.bind(formal, to: index < inputs.count ? inputs[index] : "")
    }
    var renamed: [(from: String, to: String)] = []
    for (formal, actual) in zip(formalOutputs, outputs) where !actual.isEmpty {
      if !scope.bind(formal, to: actual) { renamed.append((scope(formal), actual)) }
    }
    try addValueTypes(function.n_value_info, function.value_info, to: &graph, in: scope)
    for node in MessageList(function.n_node, function.node) {
      try add(node.pointee, to: &graph, in: scope)
    }
    for (from, to) in renamed {
      graph.nodes.append(Node("Identity", inputs: [from], outputs: [to]))
    }
  }

  private func callAttributes(
    _ function: Onnx__FunctionProto, _ call: Onnx__NodeProto, in outer: NameScope
  ) throws(ONNXError) -> [String: AttributeValue] {
    let given = try attributes(
      call.n_attribute, call.attribute, of: { label(call) }, in: outer)
    let defaults = try attributes(
      function.n_attribute_proto, function.attribute_proto,
      of: { "function \(text(function.name))" }, in: outer)
    return defaults.merging(given) { $1 }
  }

  private func freshPrefix(_ name: String) -> String {
    callCount += 1
    return "\(name)#\(callCount):"
  }
}
