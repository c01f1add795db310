import COnnxSchema
import ModelGraph
import Tensors

/// Turns `ValueInfoProto` messages into declared values.
struct ValueDecoder {
  /// The model's path.
  let path: String

  /// A graph's input or output, which must be a tensor.
  func value(
    _ info: UnsafePointer<Onnx__ValueInfoProto>, as role: String
  ) throws(ONNXError) -> ValueInfo {
    let name = text(info.pointee.name)
    let place = ONNXPlace(file: path, subject: "\(role) \(name)", field: "type")
    guard !name.isEmpty else { throw .unnamedValue(place.field("name")) }
    guard let type = info.pointee.type else {
      return ValueInfo(name: name, type: TensorType(nil, nil))
    }
    if let kind = Self.otherKind(type.pointee) { throw .unsupportedValue(place, found: kind) }
    return ValueInfo(name: name, type: try tensorType(type.pointee, place))
  }

  /// The declared type of an intermediate value; nil where it is not a tensor's.
  func intermediate(
    _ info: UnsafePointer<Onnx__ValueInfoProto>
  ) throws(ONNXError) -> ValueInfo? {
    let name = text(info.pointee.name)
    guard let type = info.pointee.type, Self.otherKind(type.pointee) == nil else { return nil }
    let place = ONNXPlace(file: path, subject: "value \(name)", field: "type")
    return ValueInfo(name: name, type: try tensorType(type.pointee, place))
  }

  private static func otherKind(_ type: Onnx__TypeProto) -> String? {
    if type.sequence_type != nil { return "a sequence" }
    if type.map_type != nil { return "a map" }
    if type.optional_type != nil { return "an optional" }
    if type.sparse_tensor_type != nil { return "a sparse tensor" }
    return nil
  }

  private func tensorType(
    _ type: Onnx__TypeProto, _ place: ONNXPlace
  ) throws(ONNXError) -> TensorType {
    guard let tensor = type.tensor_type else { return TensorType(nil, nil) }
    let number = Int(tensor.pointee.elem_type)
    let dtype = number == 0 ? nil : try TensorDecoder.type(number, place.field("elem_type"))
    guard let shape = tensor.pointee.shape else { return TensorType(dtype, nil) }
    guard shape.pointee.n_dim <= TensorDecoder.maximumRank else {
      throw .rankTooLarge(
        place.field("shape"), limit: TensorDecoder.maximumRank, found: shape.pointee.n_dim)
    }
    var dimensions: [Dimension] = []
    for dimension in MessageList(shape.pointee.n_dim, shape.pointee.dim) {
      dimensions.append(Self.dimension(dimension.pointee))
    }
    return TensorType(dtype, dimensions)
  }

  /// An extent; a negative one, which some exporters write for want of a symbol, is unknown.
  private static func dimension(_ dimension: Onnx__TensorShapeProto__Dimension) -> Dimension {
    if dimension.has_dim_value != 0 {
      return dimension.dim_value < 0 ? .unknown : .fixed(Int(dimension.dim_value))
    }
    let symbol = text(dimension.dim_param)
    return symbol.isEmpty ? .unknown : .symbol(symbol)
  }
}
