import Kernels
import ModelGraph
import Tensors

/// `Conv` (ai.onnx 1, 11, 22): cross-correlation of `X [N, C, D…]` with `W [M, C / group, k…]`,
/// plus the bias `B [M]`, over any number of spatial axes.
struct ConvOperator: RealOperator, PreparableOperator {
  static let opType = "Conv"

  let window: WindowAttributes
  let groups: Int
  /// W where it is constant, packed.
  private var packed: PackedFilters?
  /// How the image is read, of fp32 over one or two axes with all its weights at hand.
  var reading = ImageReading()

  init(_ attributes: inout AttributeReader) throws {
    window = try WindowAttributes(&attributes)
    groups = try ConvolutionShapes.groups(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    var input = try context.type(0, "X")
    input.dimensions = input.dimensions.map(reading.enlarged)
    let weight = try context.type(1, "W")
    if let x = input.shape, let w = weight.shape {
      let shapes = try ConvolutionShapes(
        input: x, weight: w, bias: context.optionalType(2)?.shape, groups: groups,
        kernelShape: window.kernelShape)
      let geometry = try geometry(of: shapes, x)
      return [TensorType(input.dtype, ([x[0], w[0]] + geometry.output).map(Dimension.fixed))]
    }
    guard let x = input.dimensions, x.count >= 2 else {
      return [TensorType(input.dtype, weight.dimensions?.map { _ in .unknown })]
    }
    let rank = x.count - 2
    let channels = weight.dimensions?.first ?? .unknown
    var spatial = [Dimension](repeating: .unknown, count: rank)
    if let kernel = window.kernelShape ?? weight.dimensions?.dropFirst(2).fixedValues,
      kernel.count == rank
    {
      let axes = try window.axes(kernel: kernel, rank: rank)
      spatial = zip(axes, x[2...]).map { $0.outputDimension($1) }
    }
    return [TensorType(input.dtype, [x[0], channels] + spatial)]
  }

  /// The window over the input's spatial extents.
  func geometry(of shapes: ConvolutionShapes, _ input: Shape) throws -> WindowGeometry {
    let axes = try window.axes(kernel: shapes.kernel, rank: shapes.spatial.count)
    return try WindowGeometry(axes, over: shapes.spatial, shape: input)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    [try run(as: type, context, tail: nil)]
  }

  /// The convolution, and after one of fp32 perhaps a `tail`.
  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext, tail: FusedTail?
  ) throws -> Tensor {
    let input = try context.input(0, "X")
    guard packed == nil || input.dtype == .float32 else {
      throw OperatorError.inputType(index: 0, expected: "the type of W", found: input.dtype)
    }
    let weight = try packed == nil ? context.input(1, "W", input.dtype) : nil
    let bias = try context.optionalInput(2, of: input.dtype)
    let image = try reading.enlarged(input.shape)
    let shapes = try ConvolutionShapes(
      input: image, weight: packed?.shape ?? weight?.shape ?? .scalar, bias: bias?.shape,
      groups: groups, kernelShape: window.kernelShape)
    let geometry = try geometry(of: shapes, image)
    let output = try context.allocate(
      input.dtype,
      try Shape(checking: [shapes.batch, shapes.outputChannels] + geometry.output))
    if Real.self == Float.self, let filters = try packed ?? weight.flatMap({ try pack($0) }) {
      let isWhole = filters.run(
        input, batch: shapes.batch, geometry, reading, bias: bias, tail: tail, into: output)
      return try isWhole ? output : tail?.applied(to: output, context) ?? output
    }
    guard let weight else { throw OperatorError.missingInput(index: 1, name: "W") }
    guard reading.repeats == 1 else {
      throw OperatorError.unsupported("repeated pixels under windows of \(geometry.rank) axes")
    }
    if Real.self == Float.self, ColumnConvolution.pays(shapes) {
      try ColumnConvolution(shapes: shapes, geometry: geometry).run(
        input: input.pointer(), weight: weight.pointer(), bias: bias?.pointer(),
        output: output.mutablePointer(), context: context)
      return try tail?.applied(to: output, context) ?? output
    }
    convolve(
      shapes, geometry, input: input.pointer(as: Real.self), weight: weight.pointer(),
      bias: bias?.pointer(), output: output.mutablePointer())
    return try tail?.applied(to: output, context) ?? output
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard constants.count >= 2, let weight = constants[1],
      let filters = try PackedFilters(weight, groups: groups)
    else { return nil }
    var made = self
    made.packed = filters
    return (made, [1])
  }

  private func pack(_ weight: Tensor) throws -> PackedFilters? {
    try PackedFilters(weight, groups: groups)
  }
}

extension ConvOperator {
  /// The convolution by its definition, one result plane at a time.
  private func convolve<Real: RealElement>(
    _ shapes: ConvolutionShapes, _ geometry: WindowGeometry, input: UnsafePointer<Real>,
    weight: UnsafePointer<Real>, bias: UnsafePointer<Real>?, output: UnsafeMutablePointer<Real>
  ) {
    let inputCount = geometry.inputCount
    let outputCount = geometry.outputCount
    let kernelCount = geometry.kernelCount
    let channels = shapes.inputChannelsPerGroup
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: shapes.batch * shapes.outputChannels) { plane in
      let (image, map) = plane.quotientAndRemainder(dividingBy: shapes.outputChannels)
      let group = map / shapes.outputChannelsPerGroup
      let source = input + (image * shapes.inputChannels + group * channels) * inputCount
      let kernel = weight + map * channels * kernelCount
      let target = output + plane * outputCount
      let start = bias?[map] ?? 0
      geometry.forEachResult { result, position in
        var sum = start
        geometry.forEachTapRow(at: position) { first, tap, count in
          for channel in 0..<channels {
            let row = source + channel * inputCount + first
            let factors = kernel + channel * kernelCount + tap
            for index in 0..<count { sum += row[index * step] * factors[index] }
          }
        }
        target[result] = sum
      }
    }
  }
}
