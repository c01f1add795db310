import Kernels
import ModelGraph
import Tensors

/// The exact 8-bit convolution behind ConvInteger and QLinearConv: `auto_pad`, `dilations`, `group`,
/// `kernel_shape`, `pads`, `strides` as Conv has them.
struct IntegerConvolution: Sendable {
  private let window: WindowAttributes
  private let groups: Int

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

  /// The sums `[N, M, out…]` of (x − zero point) · (w − zero point) modulo 2³², as int32.
  func run(
    _ x: IntegerOperand, _ w: IntegerOperand, _ context: ExecutionContext
  ) throws -> Tensor {
    let (shapes, geometry) = try fit(x.tensor.shape, w.tensor.shape)
    guard x.zeroPoints.count <= 1 else {
      throw OperatorError.mismatch(
        expected: "one zero point for x", found: "\(x.zeroPoints.count)")
    }
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
    let isImage = geometry.rank == 2
    let (rows, columns) = (isImage ? geometry.axes[0] : nil, geometry.axes[geometry.rank - 1])
    var plan = Int8Convolution.Geometry(
      channels: shapes.inputChannels, outputs: shapes.outputChannels,
      kernel: (rows?.kernel ?? 1, columns.kernel), groups: shapes.groups)
    plan.stride = (rows?.stride ?? 1, columns.stride)
    plan.dilation = (rows?.dilation ?? 1, columns.dilation)
    plan.padding = (
      isImage ? geometry.padBegin[0] : 0, geometry.padBegin[geometry.rank - 1],
      isImage ? geometry.padEnd[0] : 0, geometry.padEnd[geometry.rank - 1]
    )
    let convolution = try Int8Convolution(
      packing: w.tensor.rawPointer, isSigned: w.isSigned, geometry: plan, zeroPoints: w.zeroPoints)
    let zero = x.zeroPoints.first ?? 0
    let image: Int8Convolution.Image =
      x.isSigned
      ? .int8(x.tensor.pointer(), zeroPoint: Int8(truncatingIfNeeded: zero))
      : .uint8(x.tensor.pointer(), zeroPoint: UInt8(truncatingIfNeeded: zero))
    try convolution.run(
      image, batch: shapes.batch, height: isImage ? geometry.input[0] : 1,
      width: geometry.input[geometry.rank - 1], into: output.mutableRawPointer,
      epilogue: Int8Epilogue(result: .int32))
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
