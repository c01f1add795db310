import COnnxSchema
import FileIO
import ModelGraph
import Tensors

/// What kind of value an attribute has (`AttributeProto.AttributeType`).
enum AttributeKind: Int {
  case float = 1
  case int = 2
  case string = 3
  case tensor = 4
  case graph = 5
  case floats = 6
  case ints = 7
  case strings = 8
  case tensors = 9
  case graphs = 10
  case sparseTensor = 11
  case sparseTensors = 12
  case typeProto = 13
  case typeProtos = 14

  /// The field that holds the value.
  var field: String {
    switch self {
    case .float: "f"
    case .int: "i"
    case .string: "s"
    case .tensor: "t"
    case .graph: "g"
    case .floats: "floats"
    case .ints: "ints"
    case .strings: "strings"
    case .tensors: "tensors"
    case .graphs: "graphs"
    case .sparseTensor: "sparse_tensor"
    case .sparseTensors: "sparse_tensors"
    case .typeProto: "tp"
    case .typeProtos: "type_protos"
    }
  }

  /// Whether an absent field means a value: an empty list, or the zero that proto3 writers omit.
  var hasDefault: Bool {
    switch self {
    case .tensor, .graph, .sparseTensor, .typeProto: false
    default: true
    }
  }

  /// The kinds of which `attribute` has values.
  static func present(in attribute: Onnx__AttributeProto) -> [AttributeKind] {
    let all: [(AttributeKind, Bool)] = [
      (.float, attribute.has_f != 0), (.int, attribute.has_i != 0), (.string, attribute.has_s != 0),
      (.tensor, attribute.t != nil), (.graph, attribute.g != nil),
      (.floats, attribute.n_floats > 0), (.ints, attribute.n_ints > 0),
      (.strings, attribute.n_strings > 0), (.tensors, attribute.n_tensors > 0),
      (.graphs, attribute.n_graphs > 0), (.sparseTensor, attribute.sparse_tensor != nil),
      (.sparseTensors, attribute.n_sparse_tensors > 0), (.typeProto, attribute.tp != nil),
      (.typeProtos, attribute.n_type_protos > 0),
    ]
    return all.filter(\.1).map(\.0)
  }

  /// The kind of `attribute`, whose values must be those that its type says.
  static func of(
    _ attribute: Onnx__AttributeProto, _ place: () -> ONNXPlace
  ) throws(ONNXError) -> AttributeKind {
    let present = present(in: attribute)
    guard present.count <= 1 else {
      throw .attributeValues(place(), found: present.map(\.field))
    }
    guard attribute.type != 0 else {
      guard let kind = present.first else { throw .attributeValues(place(), found: []) }
      return kind
    }
    guard let kind = AttributeKind(rawValue: Int(attribute.type)) else {
      throw .attributeType(
        place().field("type"), expected: "a type in 0...14", found: "\(attribute.type)")
    }
    if let found = present.first, found != kind {
      throw .attributeType(
        place(), expected: "a value in \(kind.field) (type \(kind.rawValue))", found: found.field)
    }
    guard kind.hasDefault || !present.isEmpty else {
      throw .attributeValues(place(), found: [])
    }
    return kind
  }
}

extension GraphDecoder {
  /// Bytes that a tensor among the attributes may have, since attributes are held in memory.
  static let attributeTensorLimit = 16 * 1024 * 1024

  /// The attributes of a node, references to a calling node's resolved.
  func attributes(
    _ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__AttributeProto>?>?,
    of node: () -> String, in scope: NameScope
  ) throws(ONNXError) -> [String: AttributeValue] {
    guard count > 0 else { return [:] }
    var values: [String: AttributeValue] = [:]
    var names: Set<ByteString> = []
    for attribute in MessageList(count, items) {
      let name = text(attribute.pointee.name)
      func place() -> ONNXPlace {
        ONNXPlace(
          file: path, offset: attribute.pointee.scan_offset, subject: node(),
          field: "attribute \(name)")
      }
      guard names.insert(ByteString(name)).inserted else { throw .duplicateAttribute(place()) }
      let reference = text(attribute.pointee.ref_attr_name)
      if reference.isEmpty {
        values[name] = try attributeValue(attribute.pointee, place, in: scope)
      } else {
        guard let bound = scope.attributes else { throw .misplacedReference(place()) }
        // An optional attribute that the call leaves out is left out here too.
        values[name] = bound[reference]
      }
    }
    return values
  }

  private func attributeValue(
    _ attribute: Onnx__AttributeProto, _ place: () -> ONNXPlace, in scope: NameScope
  ) throws(ONNXError) -> AttributeValue {
    switch try AttributeKind.of(attribute, place) {
    case .float: return .float(attribute.f)
    case .int: return .int(attribute.i)
    case .string: return .string(content(attribute.s))
    case .floats: return .floats(numbers(attribute.n_floats, attribute.floats))
    case .ints: return .ints(numbers(attribute.n_ints, attribute.ints))
    case .strings: return .strings(numbers(attribute.n_strings, attribute.strings).map(content))
    case .tensor: return .tensor(try heldTensor(attribute.t, place()))
    case .graph: return .graph(try subgraph(attribute.g, in: scope))
    case .tensors:
      var all: [Tensor] = []
      for tensor in MessageList(attribute.n_tensors, attribute.tensors) {
        all.append(try heldTensor(tensor, place()))
      }
      return .tensors(all)
    case .graphs:
      var all: [Graph] = []
      for graph in MessageList(attribute.n_graphs, attribute.graphs) {
        all.append(try subgraph(graph, in: scope))
      }
      return .graphs(all)
    case .sparseTensor: return .tensor(try heldTensor(sparse: attribute.sparse_tensor, place()))
    case .sparseTensors:
      var all: [Tensor] = []
      for sparse in MessageList(attribute.n_sparse_tensors, attribute.sparse_tensors) {
        all.append(try heldTensor(sparse: sparse, place()))
      }
      return .tensors(all)
    case .typeProto, .typeProtos: throw .unsupportedValue(place(), found: "a type")
    }
  }

  private func heldTensor(
    _ tensor: UnsafeMutablePointer<Onnx__TensorProto>?, _ place: ONNXPlace
  ) throws(ONNXError) -> Tensor {
    guard let tensor else { throw .attributeValues(place, found: []) }
    return try tensors.decode(tensor, name: Self.label(tensor.pointee, place))
      .tensor(limit: Self.attributeTensorLimit)
  }

  private func heldTensor(
    sparse: UnsafeMutablePointer<Onnx__SparseTensorProto>?, _ place: ONNXPlace
  ) throws(ONNXError) -> Tensor {
    guard let sparse else { throw .attributeValues(place, found: []) }
    return try tensors.decode(sparse: sparse, name: place.subject ?? "")
      .tensor(limit: Self.attributeTensorLimit)
  }

  /// What a message calls a tensor among the attributes: its name, or else that of the node.
  private static func label(_ tensor: Onnx__TensorProto, _ place: ONNXPlace) -> String {
    let name = text(tensor.name)
    return name.isEmpty ? "of \(place.subject ?? "")" : name
  }
}
