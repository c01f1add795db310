import ModelGraph
import Tensors

/// `GlobalAveragePool` (ai.onnx 1, 22): the mean of each plane of `X [N, C, D…]`; NaN for an empty
/// plane.
struct GlobalAveragePoolOperator: RealOperator {
  static let opType = "GlobalAveragePool"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try GlobalPooling.infer(context.type(0, "X"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try GlobalPooling.run(context, as: type) { plane in
      let sum = plane.reduce(0.0) { $0 + Double($1) }
      return Real(sum / Double(plane.count))
    }
  }
}

extension GlobalAveragePoolOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.shape(0)
    let share = try site.scale(
      site.outputGradient(), by: 1 / Double(shape.elementCount(of: 2..<shape.rank)))
    return [site.add("Expand", [share, try site.list(shape.dimensions)])]
  }
}
