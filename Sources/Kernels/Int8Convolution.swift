import CImgKernels

/// A 2-D convolution with 8-bit weights, packed once: ONNX ConvInteger, QLinearConv, and Conv between QDQ pairs.
///
/// The image is laid out once as uint8, four channels of a pixel together, and no im2col matrix is stored. Sums are exact
/// and the same on every instruction set and for every thread count.
public final class Int8Convolution: @unchecked Sendable {
  /// The shape of a convolution. Padding counts as real 0, that is as the image's zero point.
  public struct Geometry: Sendable, Equatable {
    /// Input and output channels of all groups.
    public var channels: Int
    public var outputs: Int
    public var groups = 1
    public var kernel: (height: Int, width: Int)
    public var stride = (y: 1, x: 1)
    public var dilation = (y: 1, x: 1)
    /// Before and after the image in each direction.
    public var padding = (top: 0, left: 0, bottom: 0, right: 0)

    public init(channels: Int, outputs: Int, kernel: (height: Int, width: Int), groups: Int = 1) {
      self.channels = channels
      self.outputs = outputs
      self.kernel = kernel
      self.groups = groups
    }

    /// The result's size for an image of that size; 0 or less where the kernel does not fit.
    public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
      func size(_ extent: Int, _ kernel: Int, _ dilation: Int, _ stride: Int) -> Int {
        let room = extent - (kernel - 1) * dilation - 1
        return room < 0 ? 0 : room / stride + 1
      }
      return (
        size(height + padding.top + padding.bottom, kernel.height, dilation.y, stride.y),
        size(width + padding.left + padding.right, kernel.width, dilation.x, stride.x)
      )
    }

    public static func == (a: Geometry, b: Geometry) -> Bool {
      a.channels == b.channels && a.outputs == b.outputs && a.groups == b.groups
        && a.kernel == b.kernel && a.stride == b.stride && a.dilation == b.dilation
        && a.padding == b.padding
    }
  }

  /// The images `[batch, channels, height, width]`.
  public enum Image {
    /// Quantized on the way in: x / scale rounded half to even, plus zeroPoint, saturated to uint8; NaN becomes the
    /// zero point.
    case float32(UnsafePointer<Float>, scale: Float, zeroPoint: UInt8)
    case uint8(UnsafePointer<UInt8>, zeroPoint: UInt8)
    case int8(UnsafePointer<Int8>, zeroPoint: Int8)
  }

  public let geometry: Geometry
  private var filters: [OpaquePointer?] = []

  /// Packs weights `[outputs, channels / groups, height, width]` of int8 or uint8, meaning stored - zero point.
  /// `zeroPoints` holds none, one for all, or one an output channel.
  ///
  /// Throws `KernelError.shape` where groups, channels and counts do not fit, `.outOfMemory` where memory is exhausted.
  public init(
    packing weights: UnsafeRawPointer, isSigned: Bool, geometry: Geometry, zeroPoints: [Int32] = []
  ) throws(KernelError) {
    self.geometry = geometry
    let g = geometry
    guard g.groups > 0, g.channels % g.groups == 0, g.outputs % g.groups == 0 else {
      throw .shape(
        kernel: "8-bit convolution", rule: "groups divide the channels",
        found: "\(g.groups) groups, \(g.channels) and \(g.outputs) channels")
    }
    try Int8Matrix.check(zeroPoints, lanes: g.outputs)
    let outputs = g.outputs / g.groups
    let channels = g.channels / g.groups
    for group in 0..<g.groups {
      let zeros =
        zeroPoints.count <= 1
        ? zeroPoints : Array(zeroPoints[group * outputs..<(group + 1) * outputs])
      let byteCount = outputs * channels * g.kernel.height * g.kernel.width
      let filter = imgk_int8_pack_filter(
        isSigned ? 1 : 0, weights + group * byteCount, outputs, channels, g.kernel.height,
        g.kernel.width, zeros, zeros.count)
      guard let filter else { throw .outOfMemory(kernel: "Int8Convolution", byteCount: byteCount) }
      filters.append(filter)
    }
  }

  deinit {
    for filter in filters { imgk_int8_panels_destroy(filter) }
  }

  /// Bytes held.
  public var byteCount: Int {
    filters.reduce(0) { $0 + imgk_int8_panels_byte_count($1) }
  }

  /// Convolves `batch` images into `[batch, outputs, out height, out width]` of `epilogue.result`.
  ///
  /// Rows of the epilogue are the output channels, columns the pixels; its residual is laid out as the result. Throws
  /// `KernelError.outOfMemory` where the laid-out image cannot be held.
  public func run(
    _ image: Image, batch: Int, height: Int, width: Int, into y: UnsafeMutableRawPointer,
    epilogue: Int8Epilogue
  ) throws(KernelError) {
    let out = geometry.outputSize(height: height, width: width)
    guard out.height > 0, out.width > 0 else { return }
    let elementSize = epilogue.result.byteCount
    for index in 0..<batch {
      let part = epilogue.image(index, rows: geometry.outputs)
      let status = filters.withUnsafeBufferPointer { filters in
        var convolution = self.code(image, index, height, width, out, part)
        convolution.filters = filters.baseAddress
        convolution.y = y + index * geometry.outputs * out.height * out.width * elementSize
        return imgk_int8_convolution_run(&convolution)
      }
      guard status == 0 else {
        throw .outOfMemory(
          kernel: "Int8Convolution", byteCount: geometry.channels * height * width)
      }
    }
  }

  private func code(
    _ image: Image, _ index: Int, _ height: Int, _ width: Int, _ out: (height: Int, width: Int),
    _ epilogue: Int8Epilogue
  ) -> imgk_int8_convolution {
    let g = geometry
    var c = imgk_int8_convolution()
    c.channels = g.channels / g.groups
    c.outputs = g.outputs / g.groups
    (c.groups, c.height, c.width) = (g.groups, height, width)
    (c.kernel_height, c.kernel_width) = g.kernel
    (c.stride_y, c.stride_x) = g.stride
    (c.dilation_y, c.dilation_x) = g.dilation
    (c.pad_top, c.pad_left) = (g.padding.top, g.padding.left)
    (c.out_height, c.out_width) = out
    let offset = index * g.channels * height * width
    switch image {
    case .float32(let x, let scale, let zeroPoint):
      c.x = x + offset
      c.in_scale = scale
      c.in_zero = Int32(zeroPoint)
    case .uint8(let x, let zeroPoint):
      c.x_bytes = UnsafeRawPointer(x + offset)
      c.in_zero = Int32(zeroPoint)
    case .int8(let x, let zeroPoint):
      c.x_bytes = UnsafeRawPointer(x + offset)
      c.x_is_signed = 1
      c.in_zero = Int32(zeroPoint)
    }
    c.epilogue = epilogue.code
    return c
  }
}
