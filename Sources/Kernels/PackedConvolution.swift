import CImgKernels

/// A 2-D fp32 convolution with its filters packed once: ONNX Conv over one or two spatial axes.
///
/// Runs as the product of the filters and the image's patches, which are laid out a tile at a time and never stored
/// whole. Each sum runs over the channels and taps in order, one fused multiply-add a step: the bits are the same on
/// every instruction set and for every thread count. Where it is allowed and pays, 3 × 3 windows of stride 1 are instead
/// computed in tiles of 4 × 4 results by Winograd's transforms (Lavin and Gray, arXiv:1509.09308), a quarter of the
/// multiplications; the bits differ from the plain sums' but again depend on neither instruction set nor thread count.
public final class PackedConvolution: Sendable {
  /// The shape of a convolution. Padding counts as 0.
  public typealias Geometry = Int8Convolution.Geometry

  /// The shape.
  public let geometry: Geometry
  private let filters: PackedMatrix

  /// Packs filters `[outputs, channels / groups, height, width]`.
  ///
  /// Throws `KernelError.shape` where groups and channels do not fit, `.outOfMemory` where memory is exhausted.
  public init(
    packing filters: UnsafePointer<Float>, geometry: Geometry
  ) throws(KernelError) {
    let (outputs, depth) = try Self.extents(geometry)
    self.geometry = geometry
    self.filters = try PackedMatrix(
      packing: filters, as: .left, lanes: outputs, depth: depth, laneStride: depth, depthStride: 1,
      count: geometry.groups, matrixStride: outputs * depth)
  }

  /// Packs filters of the same form in the smaller type they are stored in; a depth is a channel of a group and a tap of
  /// it, taps innermost.
  ///
  /// Throws as the other initializer.
  public init(storing filters: StoredElements, geometry: Geometry) throws(KernelError) {
    let (outputs, depth) = try Self.extents(geometry)
    self.geometry = geometry
    self.filters = try PackedMatrix(
      storing: filters, as: .left, lanes: outputs, depth: depth, laneStride: depth, depthStride: 1,
      count: geometry.groups, matrixStride: outputs * depth)
  }

  /// The outputs of a group, and the products a sum has.
  private static func extents(
    _ g: Geometry
  ) throws(KernelError) -> (outputs: Int, depth: Int) {
    guard g.groups > 0, g.channels % g.groups == 0, g.outputs % g.groups == 0 else {
      throw .shape(
        kernel: "convolution", rule: "groups divide the channels",
        found: "\(g.groups) groups, \(g.channels) and \(g.outputs) channels")
    }
    return (
      g.outputs / g.groups, g.channels / g.groups * g.kernel.height * g.kernel.width
    )
  }

  /// Bytes held.
  public var byteCount: Int { filters.byteCount }

  /// Convolves images `[batch, channels, height, width]` into `y` `[batch, outputs, out height, out width]`, which does
  /// not overlap them.
  ///
  /// Rows of the epilogue are the output channels, columns the pixels; its residual is laid out as the result. With
  /// `hasImageBias` the row biases are `[batch, outputs]`, each image having its own. The
  /// shape may be one of another stride, dilation or padding than the filters were packed with.
  ///
  /// - Parameters:
  ///   - repeats: the window slides over an image in which each pixel stands for a square of so many a side, as
  ///     after a Resize by the nearest pixel; `height` and `width` are those of `x`.
  ///   - allowsWinograd: whether Winograd's transforms may be used. Whether they pay depends on the shape of one image.
  public func run(
    _ x: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    into y: UnsafeMutablePointer<Float>, geometry changed: Geometry? = nil,
    epilogue: ProductEpilogue = ProductEpilogue(), hasImageBias: Bool = false, repeats: Int = 1,
    allowsWinograd: Bool = false
  ) {
    let g = changed ?? geometry
    precondition(
      g.channels == geometry.channels && g.outputs == geometry.outputs
        && g.groups == geometry.groups && g.kernel == geometry.kernel,
      "the filters were packed for another convolution")
    let out = g.outputSize(height: height * repeats, width: width * repeats)
    guard out.height > 0, out.width > 0 else { return }
    var c = imgk_convolution(g, batch: batch, height: height, width: width, repeats: repeats)
    c.may_transform = allowsWinograd ? 1 : 0
    c.x = x
    c.filters = filters.panels
    c.y = y
    c.epilogue = epilogue.code(columns: out.height * out.width)
    c.bias_a_image = hasImageBias ? 1 : 0
    withExtendedLifetime(filters) { imgk_convolution_run(&c) }
  }
}
