import CImgKernels

extension imgk_convolution {
  /// The extents of a convolution of `batch` images `[channels, height, width]`, every pixel of which stands for
  /// `repeats` × `repeats` ones; operands are not set.
  init(
    _ g: PackedConvolution.Geometry, batch: Int, height: Int, width: Int, repeats: Int = 1
  ) {
    self.init()
    (self.batch, groups) = (batch, g.groups)
    (channels, outputs) = (g.channels / g.groups, g.outputs / g.groups)
    (self.height, self.width, self.repeat) = (height, width, repeats)
    (kernel_height, kernel_width) = g.kernel
    (stride_y, stride_x) = g.stride
    (dilation_y, dilation_x) = g.dilation
    (pad_top, pad_left) = (g.padding.top, g.padding.left)
    (out_height, out_width) = g.outputSize(
      height: height * repeats, width: width * repeats)
  }
}
