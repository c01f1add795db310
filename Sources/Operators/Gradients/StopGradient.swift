import ModelGraph
import Tensors

/// `imgconv.StopGradient`: the input as it is, which counts as a constant for gradients. All types.
struct StopGradientOperator: PiecewiseConstantOperator {
  static let opType = "StopGradient"
  static let domain = GradientSite.domain

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input")]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] { [try context.input(0, "input")] }
}
