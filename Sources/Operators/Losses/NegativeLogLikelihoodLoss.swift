import ModelGraph
import Tensors

/// `NegativeLogLikelihoodLoss` (ai.onnx 12, 13, 22): −input[label] · weight[label], each, summed or
/// averaged.
struct NegativeLogLikelihoodLossOperator: RealOperator {
  static let opType = "NegativeLogLikelihoodLoss"

  private let loss: ClassLoss

  init(_ attributes: inout AttributeReader) throws {
    loss = try ClassLoss(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [loss.infer(try context.type(0, "input"), try context.type(1, "target"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    [try loss.run(try context.input(0, "input"), context, as: type)]
  }
}
