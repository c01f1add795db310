import Kernels
import ModelGraph
import Tensors

/// `MatMul` (ai.onnx 13): products of matrices, as numpy.matmul: leading axes broadcast, a vector
/// counts as a row on the left and a column on the right. All number types, integers wrap.
struct MatMulOperator: NumericOperator {
  static let opType = "MatMul"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (a, b) = (try context.type(0, "A"), try context.type(1, "B"))
    return [TensorType(a.dtype ?? b.dtype, try MatrixShapes.infer(a, b))]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try context.requireSameType(0, 1)
    let (a, b) = (try context.input(0, "A"), try context.input(1, "B"))
    let shapes = try MatrixShapes(a.shape, b.shape)
    let output = try context.allocate(a.dtype, shapes.shape)
    let (left, right) = (a.pointer(as: type), b.pointer(as: type))
    let target = output.mutablePointer(as: type)
    let (rows, depth, columns) = (shapes.rows, shapes.depth, shapes.columns)
    shapes.forEachProduct { product, leftMatrix, rightMatrix in
      multiply(
        MatrixView(base: left + leftMatrix * rows * depth, rowStride: depth, columnStride: 1),
        MatrixView(
          base: right + rightMatrix * depth * columns, rowStride: columns, columnStride: 1),
        into: target + product * rows * columns, rows: rows, depth: depth, columns: columns)
    }
    return [output]
  }
}
