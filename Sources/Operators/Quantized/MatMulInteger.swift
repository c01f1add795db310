import Kernels
import ModelGraph
import Tensors

/// `MatMulInteger` (ai.onnx 10): (A − zero point) · (B − zero point) of 8-bit matrices in int32, as
/// numpy.matmul; the zero points of A one for all or for each row, of B for all or for each column.
struct MatMulIntegerOperator: PreparableOperator {
  static let opType = "MatMulInteger"

  /// B where it is a constant matrix, packed.
  private var packed: PackedIntegers?

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (a, b) = (try context.type(0, "A"), try context.type(1, "B"))
    return [TensorType(.int32, try MatrixShapes.infer(a, b))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let a = try IntegerOperand(context, 0, "A", zeroPoint: 2)
    if let packed {
      let shapes = try MatrixShapes(a.tensor.shape, packed.shape)
      return [try integerProduct(a, packed, shapes, context)]
    }
    let b = try IntegerOperand(context, 1, "B", zeroPoint: 3)
    let shapes = try MatrixShapes(a.tensor.shape, b.tensor.shape)
    return [try integerProduct(a, b, shapes, context)]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let packed = try PackedIntegers(constants, 1, zeroPoint: 3) else { return nil }
    var made = self
    made.packed = packed
    return (made, [1])
  }
}
