import ModelGraph
import Tensors

/// `ConstantOfShape` (ai.onnx 25): a tensor of the shape of input 0 filled with the one element of
/// the attribute `value` (a Float 0). All types but strings.
struct ConstantOfShapeOperator: Operator {
  static let opType = "ConstantOfShape"

  private let value: Tensor

  init(_ attributes: inout AttributeReader) throws {
    value = try attributes.optionalTensor("value") ?? Tensor(scalar: Float(0))
    guard value.elementCount == 1, value.dtype != .string else {
      throw OperatorError.attribute(
        "value", expected: "one element, not a string", found: "\(value.shape)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    if let extents = context.ints(0) {
      return [TensorType(value.dtype, extents.map { .fixed(max(0, $0)) })]
    }
    let rank = try context.type(0, "input").dimensions?.first?.fixedValue
    return [.unknown(value.dtype, rank: rank)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let shape = try Shape.checked(try context.integers(0, "input"))
    let output = try context.allocate(value.dtype, shape)
    output.fill(with: value)
    return [output]
  }
}
