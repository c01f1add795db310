import CImgKernels

extension imgk_convolution {
  /// The extents of a convolution of `batch` images `[channels, height, width]`; operands are not set.
  init(_ g: PackedConvolution.Geometry, batch: Int, height: Int, width: Int) {
    self.init()
    (self.batch, groups) = (batch, g.groups)
    (channels, outputs) = (g.channels / g.groups, g.outputs / g.groups)
    (self.height, self.width) = (height, width)
    (kernel_height, kernel_width) = g.kernel
    (stride_y, stride_x) = g.stride
    (dilation_y, dilation_x) = g.dilation
    (pad_top, pad_left) = (g.padding.top, g.padding.left)
    (out_height, out_width) = g.outputSize(height: height, width: width)
  }
}
