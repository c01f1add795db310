import Kernels
import Tensors

/// A matrix in memory: the distance between neighbours in a column and in a row, in elements.
struct MatrixView<Number> {
  let base: UnsafePointer<Number>
  let rowStride: Int
  let columnStride: Int
}

/// C = A · B for `[rows, depth]` and `[depth, columns]`, C row by row without gaps; integers wrap.
///
/// The order of each sum is fixed: from the first element to the last. Float takes the packed kernels.
func multiply<Number: NumberElement>(
  _ a: MatrixView<Number>, _ b: MatrixView<Number>, into c: UnsafeMutablePointer<Number>,
  rows: Int, depth: Int, columns: Int
) {
  if let a = a as? MatrixView<Float>, let b = b as? MatrixView<Float>,
    let c = c as? UnsafeMutablePointer<Float>
  {
    MatrixProduct(rows: rows, depth: depth, columns: columns).run(a.operand(), b.operand(), into: c)
    return
  }
  let grain = max(1, Broadcast.grain / max(1, depth * columns))
  Parallel.forEach(count: rows, grain: grain) { range in
    for row in range {
      let target = c + row * columns
      target.update(repeating: 0, count: columns)
      for inner in 0..<depth {
        let factor = a.base[row * a.rowStride + inner * a.columnStride]
        let source = b.base + inner * b.rowStride
        if b.columnStride == 1 {
          for column in 0..<columns {
            target[column] = Number.sum(target[column], Number.product(factor, source[column]))
          }
        } else {
          for column in 0..<columns {
            target[column] = Number.sum(
              target[column], Number.product(factor, source[column * b.columnStride]))
          }
        }
      }
    }
  }
}

extension MatrixView<Float> {
  /// The matrix as the kernels take it, the first of a stack where `matrixStride` is not 0.
  func operand(matrixStride: Int = 0) -> MatrixProduct.Operand {
    .strided(
      base, rowStride: rowStride, columnStride: columnStride, matrixStride: matrixStride)
  }
}
