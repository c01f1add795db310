import Kernels
import Tensors

/// The filters of a convolution over one or two spatial axes, packed for the fp32 kernels.
struct PackedFilters: Sendable {
  private let convolution: PackedConvolution
  /// The weight's own shape `[M, C / groups, k…]`.
  let shape: Shape

  /// Whether weights of this shape can be packed.
  static func takes(_ shape: Shape, _ groups: Int) -> Bool {
    guard (3...4).contains(shape.rank), shape.elementCount > 0, shape[0] % groups == 0 else {
      return false
    }
    return !shape[1].multipliedReportingOverflow(by: groups).overflow
  }

  /// Packs fp32 weights; nil for a shape the kernels do not take.
  init?(_ weight: Tensor, groups: Int) throws {
    shape = weight.shape
    guard weight.dtype == .float32, Self.takes(shape, groups) else { return nil }
    convolution = try Self.packed(weight, Self.geometry(shape, groups))
  }

  /// Packs a constant weight of fp32 or half precision, in the type it is stored in where the
  /// kernels take that; nil for a type or a shape they do not take.
  init?(_ weight: ConstantOperand, groups: Int) throws {
    guard weight.dtype == .float32 || weight.dtype.isHalf, Self.takes(weight.shape, groups) else {
      return nil
    }
    shape = weight.shape
    let geometry = Self.geometry(shape, groups)
    convolution =
      try StoredWeight(weight)?.filters(geometry)
      ?? Self.packed(weight.materialized().converted(to: .float32), geometry)
  }

  private static func packed(
    _ weight: Tensor, _ geometry: PackedConvolution.Geometry
  ) throws -> PackedConvolution {
    defer { withExtendedLifetime(weight) {} }
    return try PackedConvolution(packing: weight.pointer(), geometry: geometry)
  }

  private static func geometry(_ shape: Shape, _ groups: Int) -> PackedConvolution.Geometry {
    PackedConvolution.Geometry(
      channels: shape[1] * groups, outputs: shape[0],
      kernel: (shape.rank == 4 ? shape[2] : 1, shape[shape.rank - 1]), groups: groups)
  }

  /// Convolves `batch` images of `input` under the window `geometry`, plus a bias a channel.
  func run(
    _ input: Tensor, batch: Int, _ geometry: WindowGeometry, bias: Tensor?, into output: Tensor
  ) {
    let last = geometry.rank - 1
    let isImage = geometry.rank == 2
    var plan = convolution.geometry
    plan.stride = (isImage ? geometry.axes[0].stride : 1, geometry.axes[last].stride)
    plan.dilation = (isImage ? geometry.axes[0].dilation : 1, geometry.axes[last].dilation)
    plan.padding = (
      isImage ? geometry.padBegin[0] : 0, geometry.padBegin[last],
      isImage ? geometry.padEnd[0] : 0, geometry.padEnd[last]
    )
    convolution.run(
      input.pointer(), batch: batch, height: isImage ? geometry.input[0] : 1,
      width: geometry.input[last], into: output.mutablePointer(), geometry: plan,
      epilogue: ProductEpilogue(rowBias: bias?.pointer()))
    withExtendedLifetime((input, bias, output)) {}
  }
}
