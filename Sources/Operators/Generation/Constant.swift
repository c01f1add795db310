import ModelGraph
import Tensors

/// `Constant` (ai.onnx 25): the tensor given by the one attribute of `value`, `value_float`,
/// `value_floats`, `value_int`, `value_ints`, `value_string`, `value_strings`.
struct ConstantOperator: Operator {
  static let opType = "Constant"

  private let value: Tensor

  init(_ attributes: inout AttributeReader) throws {
    if attributes.has("sparse_value") {
      throw OperatorError.unsupported("Constant with a sparse_value")
    }
    var values: [Tensor] = []
    if let tensor = try attributes.optionalTensor("value") { values.append(tensor) }
    if let number = try attributes.optionalFloat("value_float") {
      values.append(try Tensor(scalar: number))
    }
    if let numbers = try attributes.optionalFloats("value_floats") {
      values.append(try Tensor(numbers))
    }
    if let number = try attributes.optionalInt("value_int") {
      values.append(try Tensor(scalar: Int64(number)))
    }
    if let numbers = try attributes.optionalInts("value_ints") {
      values.append(try Tensor(numbers.map(Int64.init)))
    }
    if let text = try attributes.optionalString("value_string") {
      values.append(try Tensor(strings: [text], .scalar))
    }
    if let texts = try attributes.optionalStrings("value_strings") {
      values.append(try Tensor(strings: texts, [texts.count]))
    }
    guard values.count == 1, let only = values.first else {
      throw OperatorError.attribute(
        "value", expected: "exactly one value attribute", found: "\(values.count)")
    }
    value = only
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [TensorType(value.dtype, value.shape)]
  }

  func fold(_ context: InferenceContext) throws -> [Tensor]? { [value] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] { [value] }
}
