import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.GroupNormalization`: ONNX GroupNormalization (21) of fp32 followed by an
/// activation; Swish in one pass.
struct FusedGroupNormalizationOperator: Operator {
  static let opType = "GroupNormalization"
  static let domain = FusedOperators.domain

  private let epsilon: Float
  private let groups: Int
  private let activation: FusedActivation

  init(_ attributes: inout AttributeReader) throws {
    epsilon = try attributes.float("epsilon", default: 1e-5)
    groups = try attributes.int("num_groups")
    activation = try FusedActivation(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "X")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X", .float32)
    guard input.shape.rank >= 2, groups > 0, input.shape[1] % groups == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C, D1, …] of \(groups) groups of channels", found: input.shape)
    }
    let channels = input.shape[1]
    let scale = try context.input(1, "scale", .float32, [channels])
    let bias = try context.input(2, "bias", .float32, [channels])
    let output = try context.allocate(reusing: 0)
    guard output.elementCount > 0 else { return [output] }
    let isSwish = activation.function == .silu
    Normalization.group(
      input.pointer(), output.mutablePointer(), batch: input.shape[0], channels: channels,
      pixels: input.shape.elementCount(of: 2..<input.shape.rank), groups: groups,
      scale: scale.pointer(), bias: bias.pointer(), epsilon: epsilon, silu: isSwish)
    if !isSwish { activation.apply(to: output) }
    return [output]
  }
}
