import CImgKernels

/// Products of fp32 matrices: C[i] = epilogue(A[i] · B[i]) for i < `count`.
///
/// Each sum runs from the first depth to the last, one fused multiply-add a step: the bits are the same on every
/// instruction set and for every thread count.
public struct MatrixProduct {
  /// An operand: a matrix in memory, or one packed before.
  public enum Operand {
    /// Element (r, c) of matrix i is at `data[i * matrixStride + r * rowStride + c * columnStride]`; a matrix stride of
    /// 0 uses one matrix for all products.
    case strided(
      UnsafePointer<Float>, rowStride: Int, columnStride: Int, matrixStride: Int = 0)
    /// Product i takes matrix i modulo their count.
    case packed(PackedMatrix)
  }

  /// The rows of A and C.
  public let rows: Int
  /// The columns of A and rows of B.
  public let depth: Int
  /// The columns of B and C.
  public let columns: Int
  /// How many products there are.
  public let count: Int

  /// Products of `[rows, depth]` and `[depth, columns]`. Extents are not negative.
  public init(rows: Int, depth: Int, columns: Int, count: Int = 1) {
    self.rows = rows
    self.depth = depth
    self.columns = columns
    self.count = count
  }

  /// Computes the products into `c` `[count, rows, columns]`, which overlaps no operand.
  ///
  /// Rows of `c` are `rowStride` elements apart, without gaps where that is nil. Where `accumulates`, the sums go on from
  /// what `c` holds.
  public func run(
    _ a: Operand, _ b: Operand, into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil,
    accumulates: Bool = false, epilogue: ProductEpilogue = ProductEpilogue()
  ) {
    var product = imgk_gemm()
    (product.batch, product.m, product.n, product.k) = (count, rows, columns, depth)
    switch a {
    case .strided(let data, let rowStride, let columnStride, let matrixStride):
      product.a = data
      (product.a_row, product.a_column) = (rowStride, columnStride)
      product.a_matrix = matrixStride
    case .packed(let matrix):
      precondition(
        matrix.side == .left && matrix.lanes == rows && matrix.depth == depth,
        "A was packed for another product")
      product.left = matrix.panels
    }
    switch b {
    case .strided(let data, let rowStride, let columnStride, let matrixStride):
      product.b = data
      (product.b_row, product.b_column) = (rowStride, columnStride)
      product.b_matrix = matrixStride
    case .packed(let matrix):
      precondition(
        matrix.side == .right && matrix.lanes == columns && matrix.depth == depth,
        "B was packed for another product")
      product.right = matrix.panels
    }
    product.c = c
    product.c_row = rowStride ?? columns
    product.c_matrix = rows * product.c_row
    product.accumulates = accumulates ? 1 : 0
    product.epilogue = epilogue.code(columns: columns)
    product.residual_matrix = rows * columns
    withExtendedLifetime((a, b)) { imgk_gemm_run(&product) }
  }
}
