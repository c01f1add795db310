import Kernels

/// Products of fp32 matrices in row-major order by the packed kernels.
enum SingleProduct {
  /// A matrix and the distance between its rows.
  struct Rows {
    let base: UnsafePointer<Float>
    let stride: Int
  }

  /// C = A · B, or C += A · B where `accumulates`: A `[m, k]`, C `[m, n]`, B `[k, n]`, or `[n, k]`
  /// where `transposesB`.
  static func run(
    _ a: Rows, _ b: Rows, transposesB: Bool = false, accumulates: Bool = false,
    into c: UnsafeMutablePointer<Float>, rowStride: Int, m: Int, n: Int, k: Int
  ) {
    MatrixProduct(rows: m, depth: k, columns: n).run(
      .strided(a.base, rowStride: a.stride, columnStride: 1),
      .strided(
        b.base, rowStride: transposesB ? 1 : b.stride, columnStride: transposesB ? b.stride : 1),
      into: c, rowStride: rowStride, accumulates: accumulates)
  }
}
