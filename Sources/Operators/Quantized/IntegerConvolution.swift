import Kernels
import ModelGraph
import Tensors

/// The exact 8-bit convolution behind ConvInteger and QLinearConv: `auto_pad`, `dilations`, `group`,
/// `kernel_shape`, `pads`, `strides` as Conv has them.
struct IntegerConvolution: Sendable {
  private let window: WindowAttributes
  private let groups: Int
  /// w where it is constant, packed for a window that does not depend on the image's extents.
  private var packed: IntegerFilters?

  /// Constant 8-bit filters packed for the kernels.
  private struct IntegerFilters: Sendable {
    let convolution: Int8Convolution
    let shape: Shape
  }

  init(_ attributes: inout AttributeReader) throws {
    window = try WindowAttributes(&attributes)
    groups = try ConvolutionShapes.groups(&attributes)
  }

  /// The result's extents for inputs `x` and `w`.
  func infer(_ x: TensorType, _ w: TensorType, dtype: DType?) throws -> TensorType {
    guard let input = x.shape, let weight = w.shape else {
      return .unknown(dtype, rank: x.rank)
    }
    let (shapes, geometry) = try fit(input, weight)
    return TensorType(
      dtype,
      ([shapes.batch, shapes.outputChannels] + geometry.output).map(Dimension.fixed))
  }

  private func fit(_ input: Shape, _ weight: Shape) throws -> (ConvolutionShapes, WindowGeometry) {
    let shapes = try ConvolutionShapes(
      input: input, weight: weight, bias: nil, groups: groups, kernelShape: window.kernelShape)
    let axes = try window.axes(kernel: shapes.kernel, rank: shapes.spatial.count)
    return (shapes, try WindowGeometry(axes, over: shapes.spatial, shape: input))
  }

  /// The sums `[N, M, out…]` of (x − zero point) · (w − zero point) modulo 2³², as int32; `weight`
  /// gives w where it was not packed before.
  func run(
    _ x: IntegerOperand, _ context: ExecutionContext, weight: () throws -> IntegerOperand
  ) throws -> Tensor {
    guard x.zeroPoints.count <= 1 else {
      throw OperatorError.mismatch(
        expected: "one zero point for x", found: "\(x.zeroPoints.count)")
    }
    if packed != nil {
      return try runPacked(x, context, result: .int32) { _ in Int8Epilogue(result: .int32) }
    }
    let w = try weight()
    let (shapes, geometry) = try fit(x.tensor.shape, w.tensor.shape)
    guard w.zeroPoints.count <= 1 || w.zeroPoints.count == shapes.outputChannels else {
      throw OperatorError.mismatch(
        expected: "one zero point for w, or \(shapes.outputChannels)",
        found: "\(w.zeroPoints.count)")
    }
    let output = try context.allocate(
      .int32, Shape.checked([shapes.batch, shapes.outputChannels] + geometry.output))
    guard output.elementCount > 0 else { return output }
    if geometry.rank == 1 || geometry.rank == 2 {
      try convolveImage(x, w, shapes, geometry, output)
    } else {
      convolve(x, w, shapes, geometry, output)
    }
    return output
  }

  /// One or two spatial axes: the packed kernels.
  private func convolveImage(
    _ x: IntegerOperand, _ w: IntegerOperand, _ shapes: ConvolutionShapes,
    _ geometry: WindowGeometry, _ output: Tensor
  ) throws {
    let padding = (0..<geometry.rank).map { (geometry.padBegin[$0], geometry.padEnd[$0]) }
    let plan = plan(
      geometry.axes, padding, channels: shapes.inputChannels, outputs: shapes.outputChannels)
    let convolution = try Int8Convolution(
      packing: w.tensor.rawPointer, isSigned: w.isSigned, geometry: plan, zeroPoints: w.zeroPoints)
    try run(convolution, x, shapes, geometry, output, Int8Epilogue(result: .int32))
  }

  /// The convolution with the packed w, each sum through the epilogue that `epilogue` gives for the
  /// result's shape; the result holds elements of `result`.
  func runPacked(
    _ x: IntegerOperand, _ context: ExecutionContext, result: DType,
    epilogue: (Shape) throws -> Int8Epilogue
  ) throws -> Tensor {
    guard let packed else { throw OperatorError.missingInput(index: 1, name: "w") }
    let (shapes, geometry) = try fit(x.tensor.shape, packed.shape)
    let output = try context.allocate(
      result, Shape.checked([shapes.batch, shapes.outputChannels] + geometry.output))
    try run(packed.convolution, x, shapes, geometry, output, epilogue(output.shape))
    return output
  }

  /// The kernels' geometry of a window over one or two spatial axes.
  private func plan(
    _ axes: [WindowAxis], _ padding: [(begin: Int, end: Int)], channels: Int, outputs: Int
  ) -> Int8Convolution.Geometry {
    let isImage = axes.count == 2
    let (rows, columns) = (isImage ? axes[0] : nil, axes[axes.count - 1])
    let (above, beside) = (isImage ? padding[0] : (0, 0), padding[axes.count - 1])
    var plan = Int8Convolution.Geometry(
      channels: channels, outputs: outputs, kernel: (rows?.kernel ?? 1, columns.kernel),
      groups: groups)
    plan.stride = (rows?.stride ?? 1, columns.stride)
    plan.dilation = (rows?.dilation ?? 1, columns.dilation)
    plan.padding = (above.0, beside.begin, above.1, beside.end)
    return plan
  }

  private func run(
    _ convolution: Int8Convolution, _ x: IntegerOperand, _ shapes: ConvolutionShapes,
    _ geometry: WindowGeometry, _ output: Tensor, _ epilogue: Int8Epilogue
  ) throws {
    guard output.elementCount > 0 else { return }
    let isImage = geometry.rank == 2
    let zero = x.zeroPoints.first ?? 0
    let image: Int8Convolution.Image =
      x.isSigned
      ? .int8(x.tensor.pointer(), zeroPoint: Int8(truncatingIfNeeded: zero))
      : .uint8(x.tensor.pointer(), zeroPoint: UInt8(truncatingIfNeeded: zero))
    try convolution.run(
      image, batch: shapes.batch, height: isImage ? geometry.input[0] : 1,
      width: geometry.input[geometry.rank - 1], into: output.mutableRawPointer,
      epilogue: epilogue)
  }

  /// The same convolution with its weight, input `index` of a node, and that one's zero points
  /// packed; nil where they are not constant, or the padding depends on the image.
  func packing(
    _ constants: [ConstantOperand?], _ index: Int, zeroPoint zeroIndex: Int
  ) throws -> IntegerConvolution? {
    try IntegerOperand(constants, index, zeroPoint: zeroIndex).flatMap(packing)
  }

  /// The same convolution with the weight `w` packed; nil for a shape the kernels do not take, or
  /// where the padding depends on the image.
  func packing(_ w: IntegerOperand) throws -> IntegerConvolution? {
    guard (3...4).contains(w.tensor.shape.rank), w.tensor.elementCount > 0,
      window.autoPad == .notset || window.autoPad == .valid,
      w.zeroPoints.count <= 1 || w.zeroPoints.count == w.tensor.shape[0],
      w.tensor.shape[0] % groups == 0
    else { return nil }
    let kernel = Array(w.tensor.shape.dimensions[2...])
    let axes = try window.axes(kernel: kernel, rank: kernel.count)
    let (channels, overflow) = w.tensor.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow, kernel.allSatisfy({ $0 <= WindowAttributes.limit }) else { return nil }
    let geometry = plan(
      axes, axes.map { ($0.padBegin, $0.padEnd) }, channels: channels,
      outputs: w.tensor.shape[0])
    var made = self
    made.packed = IntegerFilters(
      convolution: try Int8Convolution(
        packing: w.tensor.rawPointer, isSigned: w.isSigned, geometry: geometry,
        zeroPoints: w.zeroPoints),
      shape: w.tensor.shape)
    withExtendedLifetime(w) {}
    return made
  }

  /// Any number of spatial axes, by the definition.
  private func convolve(
    _ x: IntegerOperand, _ w: IntegerOperand, _ shapes: ConvolutionShapes,
    _ geometry: WindowGeometry, _ output: Tensor
  ) {
    let (channels, kernelCount) = (shapes.inputChannelsPerGroup, geometry.kernelCount)
    let (inputCount, step) = (geometry.inputCount, geometry.lastDilation)
    let (input, weight) = (x.shifted(), w.shifted())
    let target = output.mutablePointer(as: Int32.self)
    Parallel.forEachIndex(count: shapes.batch * shapes.outputChannels) { plane in
      let (image, map) = plane.quotientAndRemainder(dividingBy: shapes.outputChannels)
      let group = map / shapes.outputChannelsPerGroup
      let first = (image * shapes.inputChannels + group * channels) * inputCount
      geometry.forEachResult { result, position in
        var sum: Int32 = 0
        geometry.forEachTapRow(at: position) { start, tap, count in
          for channel in 0..<channels {
            let row = first + channel * inputCount + start
            let factors = (map * channels + channel) * kernelCount + tap
            for index in 0..<count {
              sum = sum &+ input[row + index * step] &* weight[factors + index]
            }
          }
        }
        target[plane * geometry.outputCount + result] = sum
      }
    }
  }
}

extension IntegerOperand {
  /// The elements less their zero points, which are one for all or one for each index of axis 0.
  fileprivate func shifted() -> [Int32] {
    let slice = max(1, tensor.elementCount / max(1, tensor.shape[0]))
    let elements = UnsafeBufferPointer(
      start: tensor.pointer(as: UInt8.self), count: tensor.elementCount)
    return elements.enumerated().map { index, byte in
      let value = isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
      if zeroPoints.isEmpty { return value }
      return value - (zeroPoints.count == 1 ? zeroPoints[0] : zeroPoints[index / slice])
    }
  }
}
