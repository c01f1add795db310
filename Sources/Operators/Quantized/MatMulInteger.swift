import Kernels
import ModelGraph
import Tensors

/// `MatMulInteger` (ai.onnx 10): (A − zero point) · (B − zero point) of 8-bit matrices in int32, as
/// numpy.matmul; the zero points of A one for all or for each row, of B for all or for each column.
struct MatMulIntegerOperator: Operator {
  static let opType = "MatMulInteger"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (a, b) = (try context.type(0, "A"), try context.type(1, "B"))
    return [TensorType(.int32, try MatrixShapes.infer(a, b))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let a = try IntegerOperand(context, 0, "A", zeroPoint: 2)
    let b = try IntegerOperand(context, 1, "B", zeroPoint: 3)
    let shapes = try MatrixShapes(a.tensor.shape, b.tensor.shape)
    return [try integerProduct(a, b, shapes, context)]
  }
}
