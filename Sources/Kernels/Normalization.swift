import CImgKernels

/// Normalisations of fp32 arrays, on the kernels' threads.
///
/// Means and variances run in fp32 within blocks of 256 elements and in fp64 over the blocks; variances are taken around
/// the mean. The bits depend neither on the instruction set nor on the number of threads. `destination` may be `source`.
public enum Normalization {
  /// (x - mean) / √(variance + epsilon) · scale + bias over each of `rows` rows of `count` elements (ONNX
  /// LayerNormalization-17).
  ///
  /// `scale` and `bias` hold `count` elements. Where given, `mean` and `inverseDeviation` receive a value a row.
  public static func layer(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, rows: Int,
    count: Int, scale: UnsafePointer<Float>? = nil, bias: UnsafePointer<Float>? = nil,
    epsilon: Float, mean: UnsafeMutablePointer<Float>? = nil,
    inverseDeviation: UnsafeMutablePointer<Float>? = nil
  ) {
    imgk_layer_norm(
      source, destination, rows, count, scale, bias, epsilon, mean, inverseDeviation)
  }

  /// x / √(mean of x² + epsilon) · scale over each of `rows` rows of `count` elements (ONNX RMSNormalization-23).
  public static func rootMeanSquare(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, rows: Int,
    count: Int, scale: UnsafePointer<Float>? = nil, epsilon: Float
  ) {
    imgk_rms_norm(source, destination, rows, count, scale, epsilon)
  }

  /// Normalises each of `groups` runs of channels of `[batch, channels, pixels]` over its channels and pixels, then
  /// scales and shifts by channel, then applies SiLU where asked (ONNX GroupNormalization-21; InstanceNormalization
  /// where `groups` is `channels`).
  ///
  /// `groups` divides `channels`; `scale` and `bias` hold `channels` elements.
  public static func group(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, batch: Int,
    channels: Int, pixels: Int, groups: Int, scale: UnsafePointer<Float>? = nil,
    bias: UnsafePointer<Float>? = nil, epsilon: Float, silu: Bool = false
  ) {
    precondition(groups > 0 && channels % groups == 0, "groups must divide the channels")
    imgk_group_norm(
      source, destination, batch, channels, pixels, groups, scale, bias, epsilon, silu ? 1 : 0)
  }

  /// (x - mean[c]) / √(variance[c] + epsilon) · scale[c] + bias[c] over `[batch, channels, pixels]` (ONNX
  /// BatchNormalization-15 at inference).
  public static func batch(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, batch: Int,
    channels: Int, pixels: Int, mean: UnsafePointer<Float>, variance: UnsafePointer<Float>,
    scale: UnsafePointer<Float>? = nil, bias: UnsafePointer<Float>? = nil, epsilon: Float
  ) {
    imgk_batch_norm(
      source, destination, batch, channels, pixels, mean, variance, scale, bias, epsilon)
  }
}
