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

  /// Convolves `batch` images of `input` under the window `geometry`, plus a bias a channel, and
  /// whatever of `tail` goes along; false where the tail is still to be applied.
  @discardableResult
  func run(
    _ input: Tensor, batch: Int, _ geometry: WindowGeometry,
    _ reading: ImageReading = ImageReading(), bias: Tensor?, tail: FusedTail? = nil,
    into output: Tensor
  ) -> Bool {
    var epilogue = ProductEpilogue(rowBias: bias?.pointer())
    guard let imageBias = tail.flatMap({ Self.imageBias($0, bias, output.shape) }) else {
      let isWhole = tail?.join(&epilogue, output.shape) ?? true
      convolve(
        input, batch, geometry, reading, epilogue, hasImageBias: false, into: output)
      withExtendedLifetime((input, bias, tail?.residual, output)) {}
      return isWhole
    }
    epilogue.activation = tail?.activation.function
    imageBias.withUnsafeBufferPointer {
      epilogue.rowBias = $0.baseAddress
      convolve(input, batch, geometry, reading, epilogue, hasImageBias: true, into: output)
    }
    withExtendedLifetime((input, output)) {}
    return true
  }

  /// The bias and a residual `[N, C, 1, …]`, which is one more bias of each image, added up.
  private static func imageBias(_ tail: FusedTail, _ bias: Tensor?, _ result: Shape) -> [Float]? {
    guard let residual = tail.residual, residual.shape != result,
      residual.shape.rank == result.rank, residual.elementCount > 0,
      residual.shape.dimensions.prefix(2) == result.dimensions.prefix(2),
      residual.shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 })
    else { return nil }
    let terms = residual.array(of: Float.self)
    guard let own = bias?.array(of: Float.self) else { return terms }
    return terms.indices.map { terms[$0] + own[$0 % own.count] }
  }

  private func convolve(
    _ input: Tensor, _ batch: Int, _ geometry: WindowGeometry, _ reading: ImageReading,
    _ epilogue: ProductEpilogue, hasImageBias: Bool, into output: Tensor
  ) {
    convolution.run(
      input.pointer(), batch: batch, height: input.shape.rank == 4 ? input.shape[2] : 1,
      width: input.shape[input.shape.rank - 1], into: output.mutablePointer(),
      geometry: Self.window(convolution.geometry, geometry), epilogue: epilogue,
      hasImageBias: hasImageBias, repeats: reading.repeats,
      allowsWinograd: reading.allowsWinograd)
  }
}

extension PackedFilters {
  /// `convolution` with strides, dilations and padding of the window `geometry`, of one or two axes.
  private static func window(
    _ convolution: PackedConvolution.Geometry, _ geometry: WindowGeometry
  ) -> PackedConvolution.Geometry {
    let last = geometry.rank - 1
    let isImage = geometry.rank == 2
    var plan = convolution
    plan.stride = (isImage ? geometry.axes[0].stride : 1, geometry.axes[last].stride)
    plan.dilation = (isImage ? geometry.axes[0].dilation : 1, geometry.axes[last].dilation)
    plan.padding = (
      isImage ? geometry.padBegin[0] : 0, geometry.padBegin[last],
      isImage ? geometry.padEnd[0] : 0, geometry.padEnd[last]
    )
    return plan
  }

  private static func kernel(_ geometry: WindowGeometry) -> (height: Int, width: Int) {
    (
      geometry.rank == 2 ? geometry.axes[0].kernel : 1,
      geometry.axes[geometry.rank - 1].kernel
    )
  }

  /// The gradient of a convolution over one or two spatial axes with respect to its filters.
  static func differentiate(
    _ input: Tensor, _ gradient: Tensor, _ shapes: ConvolutionShapes, _ geometry: WindowGeometry,
    into output: Tensor
  ) throws {
    let plan = window(
      PackedConvolution.Geometry(
        channels: shapes.inputChannels, outputs: shapes.outputChannels, kernel: kernel(geometry),
        groups: shapes.groups), geometry)
    try FilterGradient.run(
      input.pointer(), gradient: gradient.pointer(), batch: shapes.batch,
      height: geometry.rank == 2 ? geometry.input[0] : 1, width: geometry.input[geometry.rank - 1],
      geometry: plan, into: output.mutablePointer())
    withExtendedLifetime((input, gradient, output)) {}
  }

  /// A transposed convolution as a convolution with its filters turned about; false where it is not
  /// of stride 1 over one or two axes, or would need negative padding.
  ///
  /// - Parameter geometry: the window that slides over the results and gives the input's extents.
  static func transposed(
    _ input: Tensor, _ weight: Tensor, _ shapes: ConvolutionShapes, _ geometry: WindowGeometry,
    bias: Tensor?, into output: Tensor
  ) throws -> Bool {
    let begin = geometry.axes.indices.map { geometry.axes[$0].span - 1 - geometry.padBegin[$0] }
    let end = geometry.axes.indices.map { axis in
      geometry.input[axis] + geometry.axes[axis].span - 1 - geometry.output[axis] - begin[axis]
    }
    guard (1...2).contains(geometry.rank), geometry.axes.allSatisfy({ $0.stride == 1 }),
      (begin + end).allSatisfy({ $0 >= 0 }), weight.elementCount > 0, input.elementCount > 0
    else { return false }
    let axes = geometry.axes.indices.map { axis in
      WindowAxis(
        kernel: geometry.axes[axis].kernel, stride: 1, dilation: geometry.axes[axis].dilation,
        padBegin: begin[axis], padEnd: end[axis], autoPad: .notset, roundsUp: false,
        cropsEvenly: false)
    }
    let turned = try turned(weight, shapes, taps: geometry.kernelCount)
    guard let filters = try PackedFilters(turned, groups: shapes.groups) else { return false }
    filters.run(
      input, batch: shapes.batch,
      WindowGeometry(axes, over: geometry.output, giving: geometry.input), bias: bias, into: output)
    return true
  }

  /// Filters `[C, M / groups, k…]` as `[M, C / groups, k…]`, each kernel back to front.
  private static func turned(
    _ weight: Tensor, _ shapes: ConvolutionShapes, taps: Int
  ) throws -> Tensor {
    let (channels, maps) = (shapes.inputChannelsPerGroup, shapes.outputChannelsPerGroup)
    let extents = [shapes.outputChannels, channels] + weight.shape.dimensions.dropFirst(2)
    let result = try Tensor(uninitialized: .float32, Shape(checking: extents))
    let (source, target) = (weight.pointer(as: Float.self), result.mutablePointer(as: Float.self))
    for map in 0..<shapes.outputChannels {
      let (group, own) = map.quotientAndRemainder(dividingBy: maps)
      for channel in 0..<channels {
        let from = source + ((group * channels + channel) * maps + own) * taps
        let to = target + (map * channels + channel) * taps
        for tap in 0..<taps { to[tap] = from[taps - 1 - tap] }
      }
    }
    withExtendedLifetime((weight, result)) {}
    return result
  }
}
