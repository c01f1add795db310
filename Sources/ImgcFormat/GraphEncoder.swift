import FileIO
import Foundation
import ModelGraph
import Tensors

/// Writes graphs as JSON, floats and byte strings exactly.
enum GraphEncoder {
  /// A graph.
  static func graph(_ graph: Graph) -> JSONValue {
    var members = [JSONMember("name", .string(graph.name))]
    let opsets = graph.opsetImports.sorted { ByteString($0.key) < ByteString($1.key) }
    members.append(
      JSONMember("opsets", .object(opsets.map { JSONMember($0.key, .integer($0.value)) })))
    members.add("inputs", graph.inputs.map(value))
    members.add("outputs", graph.outputs.map(value))
    let declared = graph.valueTypes.sorted { ByteString($0.key) < ByteString($1.key) }
    members.add("values", declared.map { value(ValueInfo(name: $0.key, type: $0.value)) })
    members.add("initializers", graph.initializers.map(initializer))
    members.add("nodes", graph.nodes.map(node))
    return .object(members)
  }

  private static func value(_ value: ValueInfo) -> JSONValue {
    var members = [JSONMember("name", .string(value.name))]
    if let dtype = value.type.dtype { members.append(JSONMember("dtype", .string(dtype.name))) }
    if let dimensions = value.type.dimensions {
      let extents = dimensions.map { dimension -> JSONValue in
        switch dimension {
        case .fixed(let extent): .integer(extent)
        case .symbol(let name): .string(name)
        case .unknown: .null
        }
      }
      members.append(JSONMember("shape", .array(extents)))
    }
    return .object(members)
  }

  private static func initializer(_ initializer: Initializer) -> JSONValue {
    let name = JSONMember("name", .string(initializer.name))
    switch initializer.storage {
    case .weight(let weight):
      return .object([
        name, JSONMember("dtype", .string(initializer.dtype.name)),
        JSONMember("shape", initializer.shape.json), JSONMember("weight", .string(weight)),
      ])
    case .inline(let tensor): return .object([name] + tensorMembers(tensor))
    }
  }

  private static func tensorMembers(_ tensor: Tensor) -> [JSONMember] {
    let content =
      tensor.dtype == .string
      ? JSONMember("strings", .array(tensor.strings.map(JSONValue.string)))
      : JSONMember("data", .string(Data(tensor.packedBytes()).base64EncodedString()))
    return [
      JSONMember("dtype", .string(tensor.dtype.name)), JSONMember("shape", tensor.shape.json),
      content,
    ]
  }

  private static func node(_ node: Node) -> JSONValue {
    var members = [JSONMember("op", .string(node.opType))]
    if !node.name.isEmpty { members.append(JSONMember("name", .string(node.name))) }
    if !node.domain.isEmpty { members.append(JSONMember("domain", .string(node.domain))) }
    members.add("inputs", node.inputs.map(JSONValue.string))
    members.add("outputs", node.outputs.map(JSONValue.string))
    let attributes = node.attributes.sorted { ByteString($0.key) < ByteString($1.key) }
    members.add(
      "attributes",
      attributes.map { .object([JSONMember("name", .string($0.key)), attribute($0.value)]) })
    return .object(members)
  }

  private static func attribute(_ value: AttributeValue) -> JSONMember {
    switch value {
    case .int(let number): JSONMember("int", .integer(number))
    case .float(let number): JSONMember("float", float(number))
    case .string(let bytes): JSONMember("string", text(bytes))
    case .tensor(let tensor): JSONMember("tensor", .object(tensorMembers(tensor)))
    case .graph(let body): JSONMember("graph", graph(body))
    case .ints(let numbers): JSONMember("ints", .array(numbers.map { .integer($0) }))
    case .floats(let numbers): JSONMember("floats", .array(numbers.map(float)))
    case .strings(let texts): JSONMember("strings", .array(texts.map(text)))
    case .tensors(let tensors):
      JSONMember("tensors", .array(tensors.map { .object(tensorMembers($0)) }))
    case .graphs(let bodies): JSONMember("graphs", .array(bodies.map(graph)))
    }
  }

  private static func float(_ number: Float) -> JSONValue {
    guard number.isFinite else {
      let digits = String(number.bitPattern, radix: 16)
      return .string("0x" + String(repeating: "0", count: 8 - digits.count) + digits)
    }
    return .number(JSONNumber(text: "\(number)"))
  }

  private static func text(_ bytes: [UInt8]) -> JSONValue {
    if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
    return ["base64": .string(Data(bytes).base64EncodedString())]
  }
}

extension [JSONMember] {
  /// Appends an array unless it is empty.
  fileprivate mutating func add(_ name: String, _ elements: [JSONValue]) {
    if !elements.isEmpty { append(JSONMember(name, .array(elements))) }
  }
}
