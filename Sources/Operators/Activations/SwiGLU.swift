import Kernels
import ModelGraph
import Tensors

/// `SwiGLU` (ai.onnx 28): Swish(A) · B with Swish(a) = a / (1 + e^(−`alpha` (1) · a)); A and B have
/// one shape. Floats.
struct SwiGLUOperator: RealOperator {
  static let opType = "SwiGLU"

  private let alpha: Float

  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (gate, linear) = (try context.type(0, "A"), try context.type(1, "B"))
    return [gate.dimensions == nil ? linear.with(gate.dtype ?? linear.dtype) : gate]
  }

  func run<Real: RealElement>(as type: Real.Type, _ context: ExecutionContext) throws -> [Tensor?] {
    let (gate, linear) = (try context.input(0, "A"), try context.input(1, "B"))
    try context.requireSameType(0, 1)
    guard gate.shape == linear.shape else {
      throw OperatorError.inputShape(index: 1, expected: "\(gate.shape)", found: linear.shape)
    }
    let output = try context.allocate(reusing: [0], gate.dtype, gate.shape)
    let count = gate.elementCount
    if alpha == 1, type == Float.self {
      VectorMath.apply(.silu, gate.pointer(), output.mutablePointer(), count: count)
      VectorMath.apply(
        .multiply, output.pointer(), linear.pointer(), output.mutablePointer(), count: count)
    } else {
      let factor = Real(alpha)
      combineElements(
        try Broadcast([gate.shape, linear.shape]), gate.pointer(as: Real.self),
        linear.pointer(as: Real.self), into: output.mutablePointer()
      ) { $0 * sigmoid(factor * $0) * $1 }
    }
    return [output]
  }
}
