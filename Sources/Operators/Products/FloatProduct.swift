import Kernels
import Tensors

/// C = A · B of Floats by OpenBLAS, cut into blocks that depend on the extents alone: the same bits
/// for every number of threads.
///
/// - Returns: false, with C untouched, for products too small to gain, for views that are neither
///   row by row nor column by column, and where OpenBLAS is not there.
func multiplyFloats(
  _ a: MatrixView<Float>, _ b: MatrixView<Float>, into c: UnsafeMutablePointer<Float>, rows: Int,
  depth: Int, columns: Int
) -> Bool {
  guard rows > 0, depth > 0, columns > 0,
    Double(rows) * Double(depth) * Double(columns) >= smallestProduct,
    let left = StoredMatrix(a, rows: rows, columns: depth),
    let right = StoredMatrix(b, rows: depth, columns: columns),
    max(rows, depth, columns, left.leading, right.leading) <= Int(Int32.max),
    let library = try? OpenBLAS.shared
  else { return false }
  // Each block runs on the thread that takes it.
  library.setThreadCount(1)
  let splitsRows = rows >= columns
  let extent = splitsRows ? rows : columns
  Parallel.forEach(count: extent, grain: max(64, (extent + 7) / 8)) { range in
    let (row, column) = splitsRows ? (range.lowerBound, 0) : (0, range.lowerBound)
    library.sgemm(
      transposeA: left.isTransposed, transposeB: right.isTransposed,
      m: splitsRows ? range.count : rows, n: splitsRows ? columns : range.count, k: depth,
      a: a.base + row * a.rowStride, leadingA: left.leading, b: b.base + column * b.columnStride,
      leadingB: right.leading, c: c + row * columns + column, leadingC: columns)
  }
  return true
}

/// How many multiplications are worth the library's packing.
private let smallestProduct = 4096.0

/// How BLAS is told of a matrix: whether its columns, not its rows, lie in one piece, and how far
/// apart the pieces lie.
private struct StoredMatrix {
  let isTransposed: Bool
  let leading: Int

  /// The storage of a view of these extents; nil where neither rows nor columns lie in one piece.
  init?(_ view: MatrixView<Float>, rows: Int, columns: Int) {
    if view.columnStride == 1 || columns == 1, view.rowStride >= columns || rows == 1 {
      isTransposed = false
      leading = max(view.rowStride, columns)
    } else if view.rowStride == 1 || rows == 1, view.columnStride >= rows || columns == 1 {
      isTransposed = true
      leading = max(view.columnStride, rows)
    } else {
      return nil
    }
  }
}
