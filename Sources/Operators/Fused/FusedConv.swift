import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.Conv`: ONNX Conv of fp32, then input 3 added (of the result's shape or broadcast),
/// then an activation, while the result is written.
///
/// With the attribute `repeats` each pixel of the image stands for a square of so many a side; with
/// `winograd` 1 the kernels may use Winograd's transforms.
struct FusedConvOperator: Operator, PreparableOperator {
  static let opType = "Conv"
  static let domain = FusedOperators.domain

  private var convolution: ConvOperator
  private let activation: FusedActivation

  init(_ attributes: inout AttributeReader) throws {
    convolution = try ConvOperator(&attributes)
    convolution.reading = try ImageReading(&attributes)
    activation = try FusedActivation(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let plain = try convolution.infer(context)[0]
    guard let residual = context.optionalType(3) else { return [plain] }
    return [TensorType(plain.dtype, try broadcastDimensions([plain, residual]))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    _ = try context.input(0, "X", .float32)
    let tail = FusedTail(
      activation: activation, residual: try context.optionalInput(3, of: .float32))
    return [try convolution.run(as: Float.self, context, tail: tail)]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let (made, consumed) = try convolution.prepared(constants),
      let packed = made as? ConvOperator
    else { return nil }
    var copy = self
    copy.convolution = packed
    return (copy, consumed)
  }
}
