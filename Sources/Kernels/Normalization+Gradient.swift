import CImgKernels

extension Normalization {
  /// The gradient of `group` without SiLU at `source` for the result's gradient `gradient`, both
  /// `[batch, channels, pixels]`.
  ///
  /// - Parameters:
  ///   - sourceGradient: receives the gradient with respect to the source, where given; may be `gradient`.
  ///   - scaleGradient, biasGradient: receive those with respect to scale and bias, `channels` elements, where given.
  public static func groupGradient(
    _ source: UnsafePointer<Float>, gradient: UnsafePointer<Float>, batch: Int, channels: Int,
    pixels: Int,
    groups: Int, scale: UnsafePointer<Float>?, epsilon: Float,
    sourceGradient: UnsafeMutablePointer<Float>?,
    scaleGradient: UnsafeMutablePointer<Float>?, biasGradient: UnsafeMutablePointer<Float>?
  ) {
    precondition(groups > 0 && channels % groups == 0, "groups must divide the channels")
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * batch * channels + 1) { sums in
      imgk_group_norm_gradient(
        source, gradient, sourceGradient, batch, channels, pixels, groups, scale, epsilon,
        sums.baseAddress,
        scaleGradient, biasGradient)
    }
  }
}
