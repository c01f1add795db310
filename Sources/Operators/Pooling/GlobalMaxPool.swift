import ModelGraph
import Tensors

/// `GlobalMaxPool` (ai.onnx 1, 22): the greatest element of each plane of `X [N, C, D…]`; NaN where
/// one is NaN, −infinity for an empty plane.
struct GlobalMaxPoolOperator: RealOperator {
  static let opType = "GlobalMaxPool"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try GlobalPooling.infer(context.type(0, "X"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try GlobalPooling.run(context, as: type) { plane in
      plane.reduce(Real.lowest) { Real.larger($0, $1) }
    }
  }
}
