import ModelGraph
import Tensors

/// `GroupNormalization` (ai.onnx 21): (x − mean) / √(variance + epsilon) · scale + bias, mean and
/// variance over each of `num_groups` groups of channels of `X [N, C, D…]` (Wu and He 2018).
///
/// Statistics are fp32 whatever `stash_type` says (fp64 for fp64 inputs); rounded once.
struct GroupNormalizationOperator: RealOperator {
  static let opType = "GroupNormalization"

  /// The number of groups.
  let groups: Int
  /// What is added to the variance.
  let epsilon: Float

  init(_ attributes: inout AttributeReader) throws {
    groups = try attributes.int("num_groups")
    guard groups >= 1 else {
      throw OperatorError.attribute(
        "num_groups", expected: "a positive number", found: "\(groups)")
    }
    epsilon = try attributes.float("epsilon", default: 1e-5)
    _ = try attributes.optionalDType("stash_type")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "X")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try ChannelNormalization(epsilon: epsilon).run(as: type, context) { channels in
      guard channels % groups == 0 else {
        throw OperatorError.inputShape(
          index: 0, expected: "channels divisible into \(groups) groups",
          found: try context.input(0, "X").shape)
      }
      return groups
    }
  }
}
