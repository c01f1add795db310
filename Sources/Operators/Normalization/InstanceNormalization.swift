import ModelGraph
import Tensors

/// `InstanceNormalization` (ai.onnx 1, 6, 22): (x − mean) / √(variance + epsilon) · scale + B, mean
/// and variance over each plane of `input [N, C, D…]` (Ulyanov et al. 2016).
struct InstanceNormalizationOperator: RealOperator {
  static let opType = "InstanceNormalization"

  let epsilon: Float

  init(_ attributes: inout AttributeReader) throws {
    epsilon = try attributes.float("epsilon", default: 1e-5)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try ChannelNormalization(epsilon: epsilon).run(as: type, context) { max($0, 1) }
  }
}
