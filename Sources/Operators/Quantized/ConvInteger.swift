import ModelGraph
import Tensors

/// `ConvInteger` (ai.onnx 10): the convolution of (x − zero point) with (w − zero point), 8-bit
/// integers, in int32; padding counts as 0. The zero points of w are one for all or one for each
/// output channel. Attributes as Conv has them.
struct ConvIntegerOperator: PreparableOperator {
  static let opType = "ConvInteger"

  private var convolution: IntegerConvolution

  init(_ attributes: inout AttributeReader) throws {
    convolution = try IntegerConvolution(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [
      try convolution.infer(
        try context.type(0, "x"), try context.type(1, "w"), dtype: .int32)
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let x = try IntegerOperand(context, 0, "x", zeroPoint: 2)
    return [
      try convolution.run(x, context) { try IntegerOperand(context, 1, "w", zeroPoint: 3) }
    ]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let packed = try convolution.packing(constants, 1, zeroPoint: 3) else { return nil }
    var made = self
    made.convolution = packed
    return (made, [1])
  }
}
