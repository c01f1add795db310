import FileIO
import Foundation
import ModelGraph
import Tensors

/// Reads graphs from a manifest's JSON.
struct GraphDecoder {
  let read: ManifestReader

  /// A graph; `depth` counts the graphs around it.
  func graph(_ value: JSONValue, _ field: String, depth: Int) throws(ImgcError) -> Graph {
    guard depth <= Graph.maximumNesting else {
      throw .limit(
        file: read.file, field: field, expected: "at most \(Graph.maximumNesting) nested graphs",
        found: "more")
    }
    var object = try read.object(value, field)
    var graph = Graph(name: try read.string(try object.required("name"), "\(field).name"))
    graph.opsetImports = try opsets(try object.required("opsets"), "\(field).opsets")
    graph.inputs = try read.map(object.optional("inputs"), "\(field).inputs", self.value)
    graph.outputs = try read.map(object.optional("outputs"), "\(field).outputs", self.value)
    for declared in try read.map(object.optional("values"), "\(field).values", self.value) {
      graph.valueTypes[declared.name] = declared.type
    }
    graph.initializers = try read.map(
      object.optional("initializers"), "\(field).initializers", initializer)
    graph.nodes = try read.map(object.optional("nodes"), "\(field).nodes") {
      value, field throws(ImgcError) in try node(value, field, depth: depth)
    }
    try object.finish()
    return graph
  }

  private func opsets(_ value: JSONValue, _ field: String) throws(ImgcError) -> [String: Int] {
    var object = try read.object(value, field)
    var opsets: [String: Int] = [:]
    for member in object.takeRest() {
      opsets[member.name] = try read.natural(member.value, "\(field).\(member.name)")
    }
    return opsets
  }

  private func value(_ value: JSONValue, _ field: String) throws(ImgcError) -> ValueInfo {
    var object = try read.object(value, field)
    let name = try read.string(try object.required("name"), "\(field).name")
    var type = TensorType(nil, nil)
    if let value = object.optional("dtype") { type.dtype = try read.dtype(value, "\(field).dtype") }
    if let value = object.optional("shape") {
      type.dimensions = try read.map(value, "\(field).shape", dimension)
    }
    try object.finish()
    return ValueInfo(name: name, type: type)
  }

  private func dimension(_ value: JSONValue, _ field: String) throws(ImgcError)
    -> ModelGraph.Dimension
  {
    if value.isNull { return .unknown }
    if let symbol = value.string { return .symbol(symbol) }
    return .fixed(try read.natural(value, field))
  }

  private func initializer(_ value: JSONValue, _ field: String) throws(ImgcError) -> Initializer {
    var object = try read.object(value, field)
    let name = try read.string(try object.required("name"), "\(field).name")
    if let weight = object.optional("weight") {
      let initializer = Initializer(
        name: name, dtype: try read.dtype(try object.required("dtype"), "\(field).dtype"),
        shape: try read.shape(try object.required("shape"), "\(field).shape"),
        weight: try read.string(weight, "\(field).weight"))
      try object.finish()
      return initializer
    }
    return Initializer(name: name, inline: try tensor(&object, field))
  }

  private func tensor(
    _ object: inout ManifestReader.Object, _ field: String
  ) throws(ImgcError) -> Tensor {
    let dtype = try read.dtype(try object.required("dtype"), "\(field).dtype")
    let shape = try read.shape(try object.required("shape"), "\(field).shape")
    do {
      if dtype == .string {
        let strings = try read.map(try object.required("strings"), "\(field).strings") {
          value, field throws(ImgcError) in try read.string(value, field)
        }
        try object.finish()
        return try Tensor(strings: strings, shape)
      }
      let text = try read.string(try object.required("data"), "\(field).data")
      try object.finish()
      let bytes = try base64(text, "\(field).data")
      return try bytes.withUnsafeBytes { try Tensor(unpacking: $0, dtype, shape) }
    } catch let error as ImgcError {
      throw error
    } catch {
      throw read.error(field, "\(dtype.name) \(shape)", "\(error)")
    }
  }

  private func base64(_ text: String, _ field: String) throws(ImgcError) -> [UInt8] {
    guard let data = Data(base64Encoded: text) else {
      throw read.error(field, "base64", "other text")
    }
    return Array(data)
  }

  private func node(_ value: JSONValue, _ field: String, depth: Int) throws(ImgcError) -> Node {
    var object = try read.object(value, field)
    var node = Node(
      try read.string(try object.required("op"), "\(field).op"), inputs: [], outputs: [])
    if let value = object.optional("name") { node.name = try read.string(value, "\(field).name") }
    if let value = object.optional("domain") {
      node.domain = try read.string(value, "\(field).domain")
    }
    node.inputs = try read.map(object.optional("inputs"), "\(field).inputs", read.string)
    node.outputs = try read.map(object.optional("outputs"), "\(field).outputs", read.string)
    let list = "\(field).attributes"
    for (index, value) in try read.elements(object.optional("attributes"), list).enumerated() {
      let (name, attribute) = try attribute(value, "\(list)[\(index)]", depth: depth)
      guard node.attributes.updateValue(attribute, forKey: name) == nil else {
        throw read.error(list, "each attribute once", "\(name) twice")
      }
    }
    try object.finish()
    return node
  }

  private func attribute(
    _ value: JSONValue, _ field: String, depth: Int
  ) throws(ImgcError) -> (String, AttributeValue) {
    var object = try read.object(value, field)
    let name = try read.string(try object.required("name"), "\(field).name")
    let rest = object.takeRest()
    guard rest.count == 1, let content = rest.first else {
      throw read.error(field, "a name and one value", "\(rest.count) values")
    }
    let place = "\(field).\(content.name)"
    return (name, try attributeValue(content, place, depth: depth))
  }

  private func attributeValue(
    _ member: JSONMember, _ field: String, depth: Int
  ) throws(ImgcError) -> AttributeValue {
    let value = member.value
    switch member.name {
    case "int": return .int(Int64(try read.int(value, field)))
    case "float": return .float(try float(value, field))
    case "string": return .string(try text(value, field))
    case "tensor": return .tensor(try wholeTensor(value, field))
    case "graph": return .graph(try graph(value, field, depth: depth + 1))
    case "ints":
      return .ints(
        try read.map(value, field) { value, field throws(ImgcError) in
          Int64(try read.int(value, field))
        })
    case "floats": return .floats(try read.map(value, field, float))
    case "strings": return .strings(try read.map(value, field, text))
    case "tensors": return .tensors(try read.map(value, field, wholeTensor))
    case "graphs":
      return .graphs(
        try read.map(value, field) { value, field throws(ImgcError) in
          try graph(value, field, depth: depth + 1)
        })
    default: throw read.error(field, "a kind of attribute", "\(member.name)")
    }
  }

  private func wholeTensor(_ value: JSONValue, _ field: String) throws(ImgcError) -> Tensor {
    var object = try read.object(value, field)
    return try tensor(&object, field)
  }

  private func float(_ value: JSONValue, _ field: String) throws(ImgcError) -> Float {
    if case .number(let number) = value, let float = Float(number.text), float.isFinite {
      return float
    }
    if let text = value.string, text.hasPrefix("0x"), text.utf8.count == 10,
      let bits = UInt32(text.dropFirst(2), radix: 16)
    {
      return Float(bitPattern: bits)
    }
    throw read.error(field, "a float", value.kindName)
  }

  private func text(_ value: JSONValue, _ field: String) throws(ImgcError) -> [UInt8] {
    if let text = value.string { return Array(text.utf8) }
    var object = try read.object(value, field)
    let encoded = try read.string(try object.required("base64"), "\(field).base64")
    try object.finish()
    return try base64(encoded, field)
  }
}
