import ModelGraph
import Tensors

/// `Identity` (ai.onnx 1 … 25): the input as it is, of any type and shape.
struct IdentityOperator: Operator {
  static let opType = "Identity"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input")]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [try context.input(0, "input")]
  }
}

extension IdentityOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] { [try site.outputGradient()] }
}
