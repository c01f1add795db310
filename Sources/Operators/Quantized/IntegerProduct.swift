import Kernels
import Tensors

/// The exact products of 8-bit matrices, modulo 2³², paired as numpy.matmul does.
///
/// Zero points are one for all, one for each row of `a`, one for each column of `b`, or that for
/// each matrix.
func integerProduct(
  _ a: IntegerOperand, _ b: IntegerOperand, _ shapes: MatrixShapes, _ context: ExecutionContext
) throws -> Tensor {
  let output = try context.allocate(.int32, shapes.shape)
  let (rows, depth, columns) = (shapes.rows, shapes.depth, shapes.columns)
  guard output.elementCount > 0 else { return output }
  guard depth > 0 else {
    output.fill(with: nil)
    return output
  }
  let leftCount = a.tensor.elementCount / (rows * depth)
  let rightCount = b.tensor.elementCount / (depth * columns)
  var packed: (number: Int, matrix: Int8Matrix)?
  var failure: (any Error)?
  shapes.forEachProduct { product, left, right in
    guard failure == nil else { return }
    do {
      if packed?.number != right {
        let zeros = try b.zeroPoints(ofMatrix: right, count: rightCount, lanes: columns)
        let matrix = try Int8Matrix(
          packing: b.tensor.rawPointer + right * depth * columns, isSigned: b.isSigned,
          depth: depth, columns: columns, depthStride: columns, columnStride: 1,
          zeroPoints: zeros)
        packed = (right, matrix)
      }
      let zeros = try a.zeroPoints(ofMatrix: left, count: leftCount, lanes: rows)
      packed?.matrix.multiply(
        a.tensor.rawPointer + left * rows * depth, isSigned: a.isSigned, rows: rows,
        zeroPoints: zeros, into: output.mutableRawPointer + product * rows * columns * 4,
        epilogue: Int8Epilogue(result: .int32))
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return output
}
