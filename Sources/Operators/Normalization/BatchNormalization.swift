import Kernels
import ModelGraph
import Tensors

/// `BatchNormalization` (ai.onnx 15): (x − mean) / √(variance + epsilon) · scale + B per channel of
/// `X [N, C, D…]` (Ioffe and Szegedy 2015); a single axis is N with one channel.
///
/// With `training_mode` the batch's own mean and population variance are used, and the running ones
/// are given as outputs: input · momentum + current · (1 − momentum).
struct BatchNormalizationOperator: MixedRealOperator {
  static let opType = "BatchNormalization"

  private let epsilon: Float
  private let momentum: Float
  private let isTraining: Bool

  init(_ attributes: inout AttributeReader) throws {
    epsilon = try attributes.float("epsilon", default: 1e-5)
    momentum = try attributes.float("momentum", default: 0.9)
    isTraining = try attributes.flag("training_mode", default: false)
    if !isTraining, attributes.outputCount > 1 {
      throw OperatorError.attribute(
        "training_mode", expected: "1 for \(attributes.outputCount) outputs", found: "0")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let mean = try context.type(3, "input_mean")
    return [try context.type(0, "X"), mean, mean]
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    let statistics = try context.realType(3, "input_mean")
    return [try context.realType(0, "X"), statistics, statistics]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X", Real.dtype)
    guard input.shape.rank >= 1 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: input.shape)
    }
    let rank = input.shape.rank
    let channels = rank == 1 ? 1 : input.shape[1]
    let pixels = rank == 1 ? 1 : input.shape.elementCount(of: 2..<rank)
    let parameters = try ["scale", "B", "input_mean", "input_var"].enumerated().map {
      try context.input($0 + 1, $1, Real.dtype, [channels])
    }
    let planes = ChannelPlanes<Real>(
      input.pointer(), batch: input.shape[0], channels: channels, pixels: pixels)
    let output = try context.allocate(Real.dtype, input.shape)
    guard isTraining else {
      planes.normalize(
        into: output.mutablePointer(), epsilon, scale: parameters[0].pointer(),
        bias: parameters[1].pointer(), mean: parameters[2].pointer(),
        variance: parameters[3].pointer())
      return [output]
    }
    let mean = try context.allocate(Real.dtype, [channels])
    let variance = try context.allocate(Real.dtype, [channels])
    planes.measure(mean: mean.mutablePointer(), variance: variance.mutablePointer())
    planes.normalize(
      into: output.mutablePointer(), epsilon, scale: parameters[0].pointer(),
      bias: parameters[1].pointer(), mean: mean.pointer(), variance: variance.pointer())
    return [
      output, try running(context, parameters[2], mean, as: type),
      try running(context, parameters[3], variance, as: type),
    ]
  }

  private func running<Real: RealElement>(
    _ context: ExecutionContext, _ before: Tensor, _ current: Tensor, as type: Real.Type
  ) throws -> Tensor {
    let result = try context.allocate(Real.dtype, before.shape)
    let target = result.mutablePointer(as: Real.self)
    let old = before.pointer(as: Real.self)
    let new = current.pointer(as: Real.self)
    let kept = Real(momentum)
    for index in 0..<before.elementCount {
      target[index] = old[index] * kept + new[index] * (1 - kept)
    }
    return result
  }
}

/// `[N, C, pixels]` elements by channel.
private struct ChannelPlanes<Real: RealElement> {
  let elements: UnsafePointer<Real>
  let batch: Int
  let channels: Int
  let pixels: Int

  init(_ elements: UnsafePointer<Real>, batch: Int, channels: Int, pixels: Int) {
    self.elements = elements
    self.batch = batch
    self.channels = channels
    self.pixels = pixels
  }

  func measure(mean: UnsafeMutablePointer<Real>, variance: UnsafeMutablePointer<Real>) {
    Parallel.forEachIndex(count: channels) { channel in
      let moments = RowMoments(count: batch * pixels) { index -> Real in
        let (image, pixel) = index.quotientAndRemainder(dividingBy: pixels)
        return elements[(image * channels + channel) * pixels + pixel]
      }
      mean[channel] = Real(moments.mean)
      variance[channel] = Real(moments.variance)
    }
  }

  func normalize(
    into target: UnsafeMutablePointer<Real>, _ epsilon: Float, scale: UnsafePointer<Real>,
    bias: UnsafePointer<Real>, mean: UnsafePointer<Real>, variance: UnsafePointer<Real>
  ) {
    if let elements = elements as? UnsafePointer<Float>,
      let target = target as? UnsafeMutablePointer<Float>,
      let scale = scale as? UnsafePointer<Float>, let bias = bias as? UnsafePointer<Float>,
      let mean = mean as? UnsafePointer<Float>, let variance = variance as? UnsafePointer<Float>
    {
      return Normalization.batch(
        elements, target, batch: batch, channels: channels, pixels: pixels, mean: mean,
        variance: variance, scale: scale, bias: bias, epsilon: epsilon)
    }
    Parallel.forEachIndex(count: batch * channels) { plane in
      let channel = plane % channels
      let factor = scale[channel] / (variance[channel] + Real(epsilon)).squareRoot()
      for index in (plane * pixels)..<((plane + 1) * pixels) {
        target[index] = (elements[index] - mean[channel]) * factor + bias[channel]
      }
    }
  }
}
