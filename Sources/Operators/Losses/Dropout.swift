import ModelGraph
import Tensors

/// `Dropout` (ai.onnx 1, 6, 7, 10, 12, 13, 22) at inference: the data as they are, and a mask of
/// nothing but true.
///
/// With `training_mode` true only ratio 0 is supported, which drops nothing; any other ratio is
/// random.
struct DropoutOperator: Operator {
  static let opType = "Dropout"

  init(_ attributes: inout AttributeReader) throws {
    _ = try attributes.optionalInt("seed")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let data = try context.type(0, "data")
    return [data, data.with(.bool)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let data = try context.input(0, "data")
    if let training = try context.optionalInput(2, of: .bool),
      training.array(of: Bool.self).contains(true)
    {
      let ratio = context.optionalInput(1)?.doubles.first ?? 0.5
      guard ratio == 0 else {
        throw OperatorError.unsupported("Dropout with training_mode and a ratio of \(ratio)")
      }
    }
    guard context.isRequested(1) else { return [data] }
    let mask = try context.allocate(.bool, data.shape)
    mask.mutablePointer(as: Bool.self).update(repeating: true, count: mask.elementCount)
    return [data, mask]
  }
}
