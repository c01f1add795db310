import FileIO
import ModelGraph
import Tensors

/// Encodes a graph as ONNX messages, weights as references.
struct GraphEncoder {
  /// The path written, for messages.
  let path: String
  /// The weights' descriptions.
  private let tensors: [TensorInfo]
  private let numbers: [ByteString: Int]
  /// Reads a whole string tensor, which cannot be streamed.
  private let strings: (Int) throws -> Tensor
  /// Where weights go outside the model; nil keeps all in it.
  private(set) var external: ExternalLayout?

  init(path: String, weights: any TensorSource, external: ExternalLayout?) {
    self.path = path
    tensors = weights.tensors
    strings = { try weights.tensor($0) }
    self.external = external
    numbers = Dictionary(
      weights.tensors.enumerated().map { (ByteString($1.name), $0) }, uniquingKeysWith: { $1 })
  }
}

extension GraphEncoder {
  /// A `GraphProto`.
  mutating func graph(_ graph: Graph) throws -> MessagePlan {
    var message = MessagePlan()
    for node in graph.nodes { message.message(1, try self.node(node)) }
    message.text(2, graph.name.isEmpty ? "graph" : graph.name)
    for initializer in graph.initializers {
      message.message(5, try self.initializer(initializer, of: graph))
    }
    for input in graph.inputs { message.message(11, value(input)) }
    for output in graph.outputs { message.message(12, value(output)) }
    let declared = Set((graph.inputs + graph.outputs).map { ByteString($0.name) })
    for (name, type) in graph.valueTypes.sorted(by: { ByteString($0.key) < ByteString($1.key) })
    where type.dtype != nil && !declared.contains(ByteString(name)) {
      message.message(13, value(ValueInfo(name: name, type: type)))
    }
    return message
  }

  private mutating func node(_ node: Node) throws -> MessagePlan {
    var message = MessagePlan()
    for input in node.inputs { message.text(1, input) }
    for output in node.outputs { message.text(2, output) }
    message.optionalText(3, node.name)
    message.text(4, node.opType)
    for (name, value) in node.attributes.sorted(by: { ByteString($0.key) < ByteString($1.key) }) {
      message.message(5, try attribute(name, value))
    }
    message.optionalText(7, node.domain)
    return message
  }

  private mutating func attribute(_ name: String, _ value: AttributeValue) throws -> MessagePlan {
    var message = MessagePlan()
    message.text(1, name)
    let kind: AttributeKind
    switch value {
    case .float(let value):
      kind = .float
      message.float(2, value)
    case .int(let value):
      kind = .int
      message.varint(3, value)
    case .string(let bytes):
      kind = .string
      message.bytes(4, bytes)
    case .tensor(let tensor):
      kind = .tensor
      message.message(5, Self.tensor(tensor, name: ""))
    case .graph(let graph):
      kind = .graph
      message.message(6, try self.graph(graph))
    case .floats(let values):
      kind = .floats
      for value in values { message.float(7, value) }
    case .ints(let values):
      kind = .ints
      for value in values { message.varint(8, value) }
    case .strings(let all):
      kind = .strings
      for bytes in all { message.bytes(9, bytes) }
    case .tensors(let all):
      kind = .tensors
      for tensor in all { message.message(10, Self.tensor(tensor, name: "")) }
    case .graphs(let all):
      kind = .graphs
      for graph in all { message.message(11, try self.graph(graph)) }
    }
    message.varint(20, Int64(kind.rawValue))
    return message
  }

  private func value(_ value: ValueInfo) -> MessagePlan {
    var message = MessagePlan()
    message.text(1, value.name)
    var tensor = MessagePlan()
    if let dtype = value.type.dtype { tensor.varint(1, Int64(dtype.onnxNumber)) }
    if let dimensions = value.type.dimensions {
      var shape = MessagePlan()
      for dimension in dimensions {
        var extent = MessagePlan()
        switch dimension {
        case .fixed(let number): extent.varint(1, Int64(number))
        case .symbol(let name): extent.text(2, name)
        case .unknown: break
        }
        shape.message(1, extent)
      }
      tensor.message(2, shape)
    }
    var type = MessagePlan()
    type.message(1, tensor)
    message.message(2, type)
    return message
  }
}

// MARK: - Tensors

extension GraphEncoder {
  /// A tensor that is held in memory.
  private static func tensor(_ tensor: Tensor, name: String) -> MessagePlan {
    var message = head(tensor.dtype, tensor.shape)
    if tensor.dtype == .string {
      for text in tensor.strings { message.text(6, text) }
    }
    message.optionalText(8, name)
    if tensor.dtype != .string, tensor.elementCount > 0 { message.bytes(9, tensor.packedBytes()) }
    return message
  }

  private static func head(_ dtype: DType, _ shape: Shape) -> MessagePlan {
    var message = MessagePlan()
    for extent in shape.dimensions { message.varint(1, Int64(extent)) }
    message.varint(2, Int64(dtype.onnxNumber))
    return message
  }

  private mutating func initializer(
    _ initializer: Initializer, of graph: Graph
  ) throws -> MessagePlan {
    let weight: String
    switch initializer.storage {
    case .inline(let tensor): return Self.tensor(tensor, name: initializer.name)
    case .weight(let name): weight = name
    }
    let place = ONNXPlace(file: path)
    guard let number = numbers[ByteString(weight)] else {
      throw ONNXError.graph(place, .missingWeight(graph: graph.name, name: weight))
    }
    let info = tensors[number]
    guard info.dtype == initializer.dtype, info.shape == initializer.shape else {
      throw ONNXError.graph(
        place,
        .weightMismatch(
          graph: graph.name, name: weight,
          expected: "\(initializer.dtype.name) \(initializer.shape)",
          found: "\(info.dtype.name) \(info.shape)"))
    }
    if info.dtype == .string { return Self.tensor(try strings(number), name: initializer.name) }
    var message = Self.head(info.dtype, info.shape)
    message.text(8, initializer.name)
    if info.byteCount >= ExternalLayout.threshold, let location = external?.location,
      let offset = external?.place(number, byteCount: info.byteCount)
    {
      for (key, value) in [
        ("location", location), ("offset", "\(offset)"), ("length", "\(info.byteCount)"),
      ] {
        var entry = MessagePlan()
        entry.text(1, key)
        entry.text(2, value)
        message.message(13, entry)
      }
      message.varint(14, 1)
    } else if info.byteCount > 0 {
      message.weight(9, index: number, byteCount: info.byteCount)
    }
    return message
  }
}
