import Kernels
import ModelGraph
import Tensors

/// A constant 8-bit matrix `[depth, columns]` packed for integer products when a plan is built.
struct PackedIntegers: Sendable {
  let matrix: Int8Matrix
  /// The matrix's own shape.
  let shape: Shape

  /// Packs input `index` with the zero points of input `zeroIndex`, one for all or for each column;
  /// nil where they are not constant, or not of that form.
  init?(_ constants: [ConstantOperand?], _ index: Int, zeroPoint zeroIndex: Int) throws {
    guard let b = IntegerOperand(constants, index, zeroPoint: zeroIndex),
      b.tensor.shape.rank == 2, b.tensor.elementCount > 0,
      b.zeroPoints.count <= 1 || b.zeroPoints.count == b.tensor.shape[1]
    else { return nil }
    shape = b.tensor.shape
    matrix = try Int8Matrix(
      packing: b.tensor.rawPointer, isSigned: b.isSigned, depth: shape[0], columns: shape[1],
      depthStride: shape[1], columnStride: 1, zeroPoints: b.zeroPoints)
    withExtendedLifetime(b) {}
  }
}

/// The exact products of 8-bit matrices with a packed one, modulo 2³².
func integerProduct(
  _ a: IntegerOperand, _ b: PackedIntegers, _ shapes: MatrixShapes, _ context: ExecutionContext
) throws -> Tensor {
  let output = try context.allocate(.int32, shapes.shape)
  // Matrices times one matrix are one taller matrix times it, but for zero points of their own.
  let isTall = a.zeroPoints.count <= 1
  let rows = isTall ? shapes.rows * shapes.count : shapes.rows
  for product in 0..<(isTall ? 1 : shapes.count) where rows > 0 {
    b.matrix.multiply(
      a.tensor.rawPointer + product * rows * shapes.depth, isSigned: a.isSigned, rows: rows,
      zeroPoints: isTall
        ? a.zeroPoints
        : try a.zeroPoints(ofMatrix: product, count: shapes.count, lanes: rows),
      into: output.mutableRawPointer + product * rows * shapes.columns * 4,
      epilogue: Int8Epilogue(result: .int32))
  }
  return output
}
