import ModelGraph
import Tensors

/// `Dropout` (ai.onnx 1, 6, 7, 10, 12, 13, 22): at inference the data as they are and a mask of
/// nothing but true.
///
/// With `training_mode` true, an element stays where a uniform number is at least `ratio` (0.5 where
/// left out), and is then multiplied by 1 / (1 − ratio). ONNX does not name a generator; the numbers
/// are those of MT19937 seeded by `seed`, as ONNX's reference draws them. Without a seed only ratio
/// 0 is supported.
struct DropoutOperator: Operator {
  static let opType = "Dropout"

  private let seed: Int?

  init(_ attributes: inout AttributeReader) throws {
    seed = try attributes.optionalInt("seed")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let data = try context.type(0, "data")
    return [data, data.with(.bool)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let data = try context.input(0, "data")
    let isTraining =
      try context.optionalInput(2, of: .bool)?
      .withElements(of: UInt8.self) { $0.contains { $0 != 0 } } ?? false
    let ratio = isTraining ? context.optionalInput(1)?.doubles.first ?? 0.5 : 0
    guard ratio >= 0, ratio < 1 else {
      throw OperatorError.inputValue(
        index: 1, expected: "a ratio from 0 to below 1", found: "\(ratio)")
    }
    guard ratio > 0 else {
      guard context.isRequested(1) else { return [data] }
      let mask = try context.allocate(.bool, data.shape)
      mask.mutablePointer(as: Bool.self).update(repeating: true, count: mask.elementCount)
      return [data, mask]
    }
    return try drop(data, ratio, context)
  }

  private func drop(
    _ data: Tensor, _ ratio: Double, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    guard let seed = seed.flatMap({ UInt32(exactly: $0) }) else {
      throw OperatorError.unsupported("Dropout in training mode without a 32-bit seed")
    }
    guard data.dtype.isReal else {
      throw OperatorError.inputType(
        index: 0, expected: "float16, bfloat16, float32 or float64", found: data.dtype)
    }
    let wide = try data.converted(to: .float64)
    let values = wide.mutablePointer(as: Double.self)
    let mask = try context.allocate(.bool, data.shape)
    let flags = mask.mutablePointer(as: Bool.self)
    var generator = MersenneTwister(seed: seed)
    for index in 0..<data.elementCount {
      flags[index] = generator.uniform() >= ratio
      values[index] = flags[index] ? values[index] / (1 - ratio) : values[index] * 0
    }
    return [try wide.converted(to: data.dtype), mask]
  }
}
