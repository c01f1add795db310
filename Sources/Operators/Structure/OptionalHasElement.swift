import ModelGraph
import Tensors

/// `OptionalHasElement` (ai.onnx 15, 18): whether the input is given. Tensors only; an optional value
/// cannot be made otherwise.
struct OptionalHasElementOperator: Operator {
  static let opType = "OptionalHasElement"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] { [.scalar(.bool)] }

  func fold(_ context: InferenceContext) throws -> [Tensor]? {
    [try Tensor(scalar: context.has(0))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [try Tensor(scalar: context.has(0))]
  }
}
