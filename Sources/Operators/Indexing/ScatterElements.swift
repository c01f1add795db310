import ModelGraph
import Tensors

/// `ScatterElements` (ai.onnx 18): a copy of `data` in which each element of `updates` replaces, or
/// is reduced with (`reduction`), the one at its own position but for `axis` (0), where `indices`
/// say. Negative indices count from the end. All types, reductions of numbers and booleans.
struct ScatterElementsOperator: Operator {
  static let opType = "ScatterElements"

  private let axis: Int
  private let reduction: ScatterReduction

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 0)
    reduction = try attributes.choice("reduction", default: .none)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "data")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.requireSameType(0, 2)
    return try context.movingStrings { context in
      try context.computingInFloat { context in
        let (data, indices) = (try context.input(0, "data"), try context.input(1, "indices"))
        let updates = try context.input(2, "updates")
        guard updates.shape == indices.shape else {
          throw OperatorError.inputShape(
            index: 2, expected: "\(indices.shape)", found: updates.shape)
        }
        let offsets = try elementOffsets(
          data.shape, indices.shape, try context.integers(1, "indices"),
          axis: try data.shape.checkedAxis(axis))
        return [try context.scattering(at: offsets, length: 1, reduction)]
      }
    }
  }
}
