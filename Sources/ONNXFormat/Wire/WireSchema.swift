import COnnxSchema
import CProtobufC

/// A data field of `TensorProto`, whose content stays in the file.
enum PayloadField: UInt32 {
  case floatData = 4
  case int32Data = 5
  case stringData = 6
  case int64Data = 7
  case rawData = 9
  case doubleData = 10
  case uint64Data = 11

  /// The field's name in the schema.
  var name: String {
    switch self {
    case .floatData: "float_data"
    case .int32Data: "int32_data"
    case .stringData: "string_data"
    case .int64Data: "int64_data"
    case .rawData: "raw_data"
    case .doubleData: "double_data"
    case .uint64Data: "uint64_data"
    }
  }
}

/// How a field's value stands on the wire.
enum WireKind: Equatable {
  case varint
  /// A varint that must fit a signed 32-bit number.
  case varint32
  case fixed32
  case fixed64
  case text
  case bytes
  /// A message, by its number in the schema.
  case message(Int)

  /// The wire type of one value.
  var wireType: Int {
    switch self {
    case .varint, .varint32: 0
    case .fixed64: 1
    case .fixed32: 5
    case .text, .bytes, .message: 2
    }
  }

  /// Whether a repeated field may stand packed.
  var isPackable: Bool { wireType != 2 }
}

/// A field that the scanner knows.
struct WireField {
  let number: UInt32
  let kind: WireKind
  let isRepeated: Bool
  /// The data field, where the content stays in the file.
  let payload: PayloadField?
  /// Checked, but left out of the skeleton.
  let isDropped: Bool
}

/// A message that the scanner knows.
struct WireMessage {
  let name: String
  let fields: [WireField]
  /// The fields' names, in the order of `fields`.
  let fieldNames: [String]
  /// Whether the skeleton gets the message's offset in the file.
  let wantsOffset: Bool
  /// Whether the message is a tensor, whose data fields are recorded.
  let isTensor: Bool
  private let positions: [Int8]

  init(
    name: String, fields: [WireField], fieldNames: [String], wantsOffset: Bool, isTensor: Bool
  ) {
    self.name = name
    self.fields = fields
    self.fieldNames = fieldNames
    self.wantsOffset = wantsOffset
    self.isTensor = isTensor
    let highest = fields.reduce(0) { max($0, $1.number) }
    var positions = [Int8](repeating: -1, count: Int(highest) + 1)
    for (position, field) in fields.enumerated() {
      positions[Int(field.number)] = Int8(position)
    }
    self.positions = positions
  }

  /// The position of field `number` in `fields`; nil where the schema lacks it.
  func position(of number: UInt32) -> Int? {
    guard number < positions.count, positions[Int(number)] >= 0 else { return nil }
    return Int(positions[Int(number)])
  }
}

/// The messages of `formats/onnx.proto`, taken from the descriptors that protoc-c made of it.
struct WireSchema {
  /// The field that carries a message's offset in the skeleton.
  static let scanOffset: UInt32 = 536_870_000
  /// The field that carries the number of a tensor's record in the skeleton.
  static let scanRecord: UInt32 = 536_870_001

  /// The schema whose first message is `ModelProto`.
  static let model = WireSchema(root: onnx__model_proto__descriptor)
  /// The schema whose first message is `TensorProto`.
  static let tensor = WireSchema(root: onnx__tensor_proto__descriptor)

  /// The messages; the root is number 0.
  let messages: [WireMessage]

  private init(root: ProtobufCMessageDescriptor) {
    var descriptors = [root]
    var numbers = [String(cString: root.name): 0]
    var messages: [WireMessage] = []
    while messages.count < descriptors.count {
      messages.append(
        Self.message(descriptors[messages.count]) { descriptor in
          let name = String(cString: descriptor.name)
          if let known = numbers[name] { return known }
          numbers[name] = descriptors.count
          descriptors.append(descriptor)
          return descriptors.count - 1
        })
    }
    self.messages = messages
  }

  private static func message(
    _ descriptor: ProtobufCMessageDescriptor,
    number: (ProtobufCMessageDescriptor) -> Int
  ) -> WireMessage {
    let name = String(cString: descriptor.short_name)
    let isTensor = String(cString: descriptor.name) == "onnx.TensorProto"
    var fields: [WireField] = []
    var names: [String] = []
    var wantsOffset = false
    for position in 0..<Int(descriptor.n_fields) {
      let field = descriptor.fields[position]
      guard field.id < scanOffset else {
        wantsOffset = wantsOffset || field.id == scanOffset
        continue
      }
      let fieldName = String(cString: field.name)
      names.append(fieldName)
      fields.append(
        WireField(
          number: field.id, kind: kind(field, number: number),
          isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
          payload: isTensor ? PayloadField(rawValue: field.id) : nil,
          isDropped: fieldName == "doc_string"))
    }
    return WireMessage(
      name: name, fields: fields, fieldNames: names, wantsOffset: wantsOffset, isTensor: isTensor)
  }

  private static func kind(
    _ field: ProtobufCFieldDescriptor, number: (ProtobufCMessageDescriptor) -> Int
  ) -> WireKind {
    switch field.type {
    case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_ENUM: return .varint32
    case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: return .fixed32
    case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: return .fixed64
    case PROTOBUF_C_TYPE_STRING: return .text
    case PROTOBUF_C_TYPE_BYTES: return .bytes
    case PROTOBUF_C_TYPE_MESSAGE:
      guard let descriptor = field.descriptor else { return .bytes }
      return .message(
        number(descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self).pointee))
    default: return .varint
    }
  }
}
