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
  /// How many calls of functions were inlined so far.
  var callCount = 0
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
    let firstConstant = graph.initializers.count
    for node in MessageList(message.n_node, message.node) {
      try add(node.pointee, to: &graph, in: scope)
    }
    try checkConstants(from: firstConstant, of: graph)
    return graph
  }

  func addValueTypes(
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
  func add(
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
  func add(
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
  func place(_ node: Onnx__NodeProto) -> ONNXPlace {
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
}
