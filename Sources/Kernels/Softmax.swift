import CImgKernels

/// Softmax along one axis.
public enum Softmax {
  /// e^(x - max) / Σ e^(x - max) over the middle axis of `[outer, axis, inner]` (ONNX Softmax-13).
  ///
  /// Exponentials are fp32 (1 ulp), sums fp64. A slice with NaN or +Inf, or of nothing but -Inf, gives NaN.
  /// `destination` may be `source`.
  public static func apply(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, outer: Int,
    axis: Int, inner: Int = 1
  ) {
    imgk_softmax(source, destination, outer, axis, inner, 0)
  }

  /// x - max - log Σ e^(x - max) over the middle axis of `[outer, axis, inner]` (ONNX LogSoftmax-13).
  public static func applyLogarithm(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, outer: Int,
    axis: Int, inner: Int = 1
  ) {
    imgk_softmax(source, destination, outer, axis, inner, 1)
  }
}
