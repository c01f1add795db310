import Kernels
import ModelGraph
import Tensors

/// `DynamicQuantizeLinear` (ai.onnx 11): a Float tensor quantized to uint8 over its own range
/// stretched to hold 0, with the scale (max − min) / 255 and the zero point.
///
/// A tensor of zeros, or none, has the scale 1 / 255 … as if its range were 1.
struct DynamicQuantizeLinearOperator: Operator {
  static let opType = "DynamicQuantizeLinear"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let results = [
      try context.type(0, "x").with(.uint8), .scalar(.float32), .scalar(.uint8),
    ]
    return Array(results.prefix(context.outputCount))
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let x = try context.input(0, "x", .float32)
    let highest = Float.larger(0, Reduction.maximum(x.pointer(), count: x.elementCount))
    let lowest = Float.smaller(0, Reduction.minimum(x.pointer(), count: x.elementCount))
    let scale = (highest == lowest ? 1 : highest - lowest) / 255
    let start = -lowest / scale
    let zeroPoint = start.isNaN ? 0 : min(max(start, 0), 255).rounded(.toNearestOrEven)
    let output = try context.allocate(.uint8, x.shape)
    LinearQuantization.quantize(
      .uint8, scale: scale, zeroPoint: Int32(zeroPoint), x.pointer(),
      output.mutablePointer(as: UInt8.self), count: x.elementCount)
    return [output, try Tensor(scalar: scale), try Tensor(scalar: UInt8(zeroPoint))]
  }
}
