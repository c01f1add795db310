import ModelGraph
import Tensors

/// `GlobalLpPool` (ai.onnx 1, 2, 22): (Σ |x|^p)^(1/p) over each plane of `X [N, C, D…]`.
struct GlobalLpPoolOperator: RealOperator {
  static let opType = "GlobalLpPool"

  private let norm: PowerNorm

  init(_ attributes: inout AttributeReader) throws {
    norm = try PowerNorm(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try GlobalPooling.infer(context.type(0, "X"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try GlobalPooling.run(context, as: type) { plane in
      norm.root(plane.reduce(0) { $0 + norm.power($1) })
    }
  }
}
