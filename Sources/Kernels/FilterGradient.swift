import CImgKernels

/// The gradient of a 2-D fp32 convolution with respect to its filters.
public enum FilterGradient {
  /// dW `[outputs, channels / groups, kernel]` from images `[batch, channels, height, width]` and the result's gradient
  /// `[batch, outputs, out height, out width]`.
  ///
  /// The bits are the same on every instruction set and for every thread count. Throws `KernelError.outOfMemory`.
  public static func run(
    _ x: UnsafePointer<Float>, gradient: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    geometry g: PackedConvolution.Geometry, into filters: UnsafeMutablePointer<Float>
  ) throws(KernelError) {
    let out = g.outputSize(height: height, width: width)
    precondition(g.groups > 0 && g.channels % g.groups == 0 && g.outputs % g.groups == 0)
    precondition(out.height > 0 && out.width > 0, "the window fits the image")
    var c = imgk_convolution(g, batch: batch, height: height, width: width)
    c.x = x
    guard imgk_filter_gradient(&c, gradient, filters) != 0 else {
      throw .outOfMemory(
        kernel: "FilterGradient", byteCount: batch * g.channels * height * width * 4)
    }
  }
}
