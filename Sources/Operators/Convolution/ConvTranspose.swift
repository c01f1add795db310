import Kernels
import ModelGraph
import Tensors

/// `ConvTranspose` (ai.onnx 1, 11, 22): the gradient of a convolution with respect to its input,
/// `X [N, C, D…]` with `W [C, M / group, k…]`, plus the bias `B [M]`.
///
/// Each axis gives stride · (extent − 1) + output_padding + (k − 1) · dilation + 1 − padding
/// results; `output_shape` fixes that number and makes the padding follow from it.
struct ConvTransposeOperator: RealOperator {
  static let opType = "ConvTranspose"

  let window: WindowAttributes
  let groups: Int
  private let outputPadding: [Int]?
  private let outputShape: [Int]?

  init(_ attributes: inout AttributeReader) throws {
    window = try WindowAttributes(&attributes)
    groups = try ConvolutionShapes.groups(&attributes)
    outputPadding = try WindowAttributes.list("output_padding", atLeast: 0, &attributes)
    outputShape = try WindowAttributes.list("output_shape", atLeast: 0, &attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    let weight = try context.type(1, "W")
    if let x = input.shape, let w = weight.shape {
      let shapes = try shapes(x, w, context.optionalType(2)?.shape)
      let axes = try axes(of: shapes)
      let dimensions = [x[0], shapes.outputChannels] + axes.map(\.output)
      return [TensorType(input.dtype, dimensions.map(Dimension.fixed))]
    }
    guard let x = input.dimensions, x.count >= 2 else {
      return [TensorType(input.dtype, weight.dimensions?.map { _ in .unknown })]
    }
    var channels = Dimension.unknown
    if let w = weight.dimensions, w.count >= 2, let perGroup = w[1].fixedValue {
      let (product, overflow) = perGroup.multipliedReportingOverflow(by: groups)
      if !overflow { channels = .fixed(product) }
    }
    let spatial = x[2...].map { _ in Dimension.unknown }
    return [TensorType(input.dtype, [x[0], channels] + spatial)]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let weight = try context.input(1, "W", input.dtype)
    let bias = try context.optionalInput(2, of: input.dtype)
    let shapes = try shapes(input.shape, weight.shape, bias?.shape)
    let axes = try axes(of: shapes)
    let output = try context.allocate(
      input.dtype,
      try Shape(checking: [shapes.batch, shapes.outputChannels] + axes.map(\.output)))
    guard output.elementCount > 0 else { return [output] }
    // The window that slides over the results gives the input's extents back.
    let geometry = WindowGeometry(
      axes.map(\.window), over: axes.map(\.output), giving: shapes.spatial)
    if Real.self == Float.self,
      try PackedFilters.transposed(input, weight, shapes, geometry, bias: bias, into: output)
    {
      return [output]
    }
    if Real.self == Float.self, geometry.rank > 0, geometry.outputCount > 0 {
      try TransposedColumns(shapes: shapes, geometry: geometry).run(
        input: input.pointer(), weight: weight.pointer(), bias: bias?.pointer(),
        output: output.mutablePointer(), context: context)
      return [output]
    }
    scatter(
      shapes, geometry, input: input.pointer(as: Real.self), weight: weight.pointer(),
      bias: bias?.pointer(), output: output.mutablePointer())
    return [output]
  }
}

extension ConvTransposeOperator {
  func shapes(_ x: Shape, _ w: Shape, _ bias: Shape?) throws -> ConvolutionShapes {
    try ConvolutionShapes(
      input: x, weight: w, bias: bias, groups: groups, kernelShape: window.kernelShape,
      isTransposed: true)
  }

  /// Along each axis, the number of results and the window that slides over them.
  func axes(of shapes: ConvolutionShapes) throws -> [(output: Int, window: WindowAxis)] {
    let rank = shapes.spatial.count
    let own = try window.axes(kernel: shapes.kernel, rank: rank)
    for (name, list) in [("output_padding", outputPadding), ("output_shape", outputShape)] {
      if let list, list.count != rank, !(name == "output_shape" && list.count == rank + 2) {
        throw OperatorError.attribute(
          name, expected: "\(rank) numbers for \(rank) spatial axes", found: "\(list)")
      }
    }
    let requested = outputShape.map { Array($0.suffix(rank)) }
    return try own.enumerated().map { index, axis in
      let extent = shapes.spatial[index]
      guard extent <= WindowAttributes.limit else {
        throw TensorError.elementCountOverflow(shapes.spatial)
      }
      return try self.axis(
        axis, extent: extent, extra: outputPadding?[index] ?? 0, requested: requested?[index])
    }
  }

  private func axis(
    _ axis: WindowAxis, extent: Int, extra: Int, requested: Int?
  ) throws -> (output: Int, window: WindowAxis) {
    let whole = axis.stride * (extent - 1) + extra + axis.span
    let output: Int
    var begin = axis.padBegin
    if let total = requested ?? automaticOutput(axis, extent) {
      output = total
      let padding = whole - total
      let less = padding >> 1
      begin = window.autoPad == .sameUpper ? less : padding - less
      if padding < 0 { begin = 0 }
    } else {
      output = whole - axis.padBegin - axis.padEnd
    }
    guard output >= 0, output <= WindowAttributes.limit else {
      throw OperatorError.attribute(
        "pads", expected: "no more than the \(whole) results of an axis", found: "\(whole - output)"
      )
    }
    return (
      output,
      WindowAxis(
        kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation, padBegin: begin,
        padEnd: 0, autoPad: .notset, roundsUp: false, cropsEvenly: false)
    )
  }

  private func automaticOutput(_ axis: WindowAxis, _ extent: Int) -> Int? {
    switch window.autoPad {
    case .sameUpper, .sameLower: extent * axis.stride
    case .notset, .valid: nil
    }
  }

  /// Adds each input element times the kernel to the results it reaches, one result plane at a time.
  private func scatter<Real: RealElement>(
    _ shapes: ConvolutionShapes, _ geometry: WindowGeometry, input: UnsafePointer<Real>,
    weight: UnsafePointer<Real>, bias: UnsafePointer<Real>?, output: UnsafeMutablePointer<Real>
  ) {
    let inputCount = geometry.outputCount
    let outputCount = geometry.inputCount
    let kernelCount = geometry.kernelCount
    let channels = shapes.inputChannelsPerGroup
    let maps = shapes.outputChannelsPerGroup
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: shapes.batch * shapes.outputChannels) { plane in
      let (image, map) = plane.quotientAndRemainder(dividingBy: shapes.outputChannels)
      let (group, mapInGroup) = map.quotientAndRemainder(dividingBy: maps)
      let target = output + plane * outputCount
      target.update(repeating: bias?[map] ?? 0, count: outputCount)
      for channel in (group * channels)..<((group + 1) * channels) {
        let source = input + (image * shapes.inputChannels + channel) * inputCount
        let kernel = weight + (channel * maps + mapInGroup) * kernelCount
        geometry.forEachResult { position, place in
          let value = source[position]
          geometry.forEachTapRow(at: place) { first, tap, count in
            for index in 0..<count { target[first + index * step] += value * kernel[tap + index] }
          }
        }
      }
    }
  }
}
