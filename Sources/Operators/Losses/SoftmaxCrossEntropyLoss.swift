import ModelGraph
import Tensors

/// `SoftmaxCrossEntropyLoss` (ai.onnx 12, 13): −log softmax(scores)[label] · weight[label] over the
/// classes of `scores [N, C, D…]`, each, summed or averaged; and the log probabilities.
struct SoftmaxCrossEntropyLossOperator: RealOperator {
  static let opType = "SoftmaxCrossEntropyLoss"

  private let loss: ClassLoss

  init(_ attributes: inout AttributeReader) throws {
    loss = try ClassLoss(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let scores = try context.type(0, "scores")
    return [loss.infer(scores, try context.type(1, "labels")), scores]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let scores = try context.input(0, "scores")
    guard scores.shape.rank >= 2 else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C, D1, …]", found: scores.shape)
    }
    let logarithms = try context.allocate(scores.dtype, scores.shape)
    if scores.elementCount > 0 {
      LogSoftmaxOperator.apply(
        try AxisSlices(scores.shape, axis: 1), scores.pointer(as: Real.self),
        logarithms.mutablePointer())
    }
    return [try loss.run(logarithms, context, as: type), logarithms]
  }
}
