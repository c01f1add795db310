import Kernels

/// Products of fp32 matrices in row-major order, as fast as the machine's kernels make them.
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
    guard m > 0, n > 0 else { return }
    let limit = Int(Int32.max)
    if k > 0, max(m, n, k) < limit, max(a.stride, b.stride, rowStride) < limit,
      let library = try? OpenBLAS.shared
    {
      library.sgemm(
        transposeB: transposesB, m: m, n: n, k: k, a: a.base, leadingA: a.stride, b: b.base,
        leadingB: b.stride, beta: accumulates ? 1 : 0, c: c, leadingC: rowStride)
      return
    }
    Parallel.forEachIndex(count: m) { row in
      let target = c + row * rowStride
      if !accumulates { target.update(repeating: 0, count: n) }
      for inner in 0..<k {
        let factor = a.base[row * a.stride + inner]
        for column in 0..<n {
          target[column] +=
            factor * b.base[transposesB ? column * b.stride + inner : inner * b.stride + column]
        }
      }
    }
  }
}
