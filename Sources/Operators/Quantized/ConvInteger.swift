import ModelGraph
import Tensors

/// `ConvInteger` (ai.onnx 10): the convolution of (x − zero point) with (w − zero point), 8-bit
/// integers, in int32; padding counts as 0. The zero points of w are one for all or one for each
/// output channel. Attributes as Conv has them.
struct ConvIntegerOperator: Operator {
  static let opType = "ConvInteger"

  private let convolution: IntegerConvolution

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
    let w = try IntegerOperand(context, 1, "w", zeroPoint: 3)
    return [try convolution.run(x, w, context)]
  }
}
