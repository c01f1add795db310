import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.MatMul`: ONNX MatMul of fp32, then input 2 (a bias a column) and input 3 (of the
/// result's shape or broadcast) added, then an activation, while the result is written.
struct FusedMatMulOperator: Operator, PreparableOperator {
  static let opType = "MatMul"
  static let domain = FusedOperators.domain

  private var product: MatMulOperator
  private let activation: FusedActivation

  init(_ attributes: inout AttributeReader) throws {
    product = try MatMulOperator(&attributes)
    activation = try FusedActivation(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let plain = try product.infer(context)[0]
    let added = [2, 3].compactMap { context.optionalType($0) }
    return [TensorType(plain.dtype, try broadcastDimensions([plain] + added))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    _ = try context.input(0, "A", .float32)
    let bias = try context.optionalInput(2, of: .float32)
    let tail = FusedTail(
      activation: activation, residual: try context.optionalInput(3, of: .float32))
    return [try product.run(context, bias: bias, tail: tail)]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let (made, consumed) = try product.prepared(Array(constants.prefix(2))),
      let packed = made as? MatMulOperator
    else { return nil }
    var copy = self
    copy.product = packed
    return (copy, consumed)
  }
}
