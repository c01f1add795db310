import CImgKernels

/// A reduction of fp32 slices, as ONNX's Reduce operators define them.
///
/// Of an empty slice: 0 for the sums, 1 for the product, NaN for the mean, -Inf for the maximum and the logarithms, +Inf
/// for the minimum.
public enum Reduction: Sendable, CaseIterable {
  case sum, mean
  /// Σ |x|.
  case l1
  /// √Σ x².
  case l2
  /// Σ x².
  case sumOfSquares
  /// log Σ x.
  case logSum
  /// log Σ e^x, by way of the largest x.
  case logSumExp
  /// NaN if any element is NaN.
  case maximum, minimum
  case product

  /// Reduces the middle axis of `[outer, axis, inner]` into `[outer, inner]`.
  ///
  /// Sums run in fp32 within blocks of at most 256 elements and in fp64 over the blocks, products in fp64. The order is
  /// fixed by the lengths: the bits depend neither on the instruction set nor on the number of threads.
  public func apply(
    _ source: UnsafePointer<Float>, outer: Int, axis: Int, inner: Int = 1,
    _ destination: UnsafeMutablePointer<Float>
  ) {
    imgk_reduce(code, source, outer, axis, inner, destination)
  }

  /// The reduction of all `count` elements.
  public func callAsFunction(_ source: UnsafePointer<Float>, count: Int) -> Float {
    var result: Float = 0
    imgk_reduce(code, source, 1, count, 1, &result)
    return result
  }

  package var code: imgk_reduce_op {
    switch self {
    case .sum: IMGK_REDUCE_SUM
    case .mean: IMGK_REDUCE_MEAN
    case .l1: IMGK_REDUCE_L1
    case .l2: IMGK_REDUCE_L2
    case .sumOfSquares: IMGK_REDUCE_SUM_SQUARE
    case .logSum: IMGK_REDUCE_LOG_SUM
    case .logSumExp: IMGK_REDUCE_LOG_SUM_EXP
    case .maximum: IMGK_REDUCE_MAX
    case .minimum: IMGK_REDUCE_MIN
    case .product: IMGK_REDUCE_PROD
    }
  }
}
