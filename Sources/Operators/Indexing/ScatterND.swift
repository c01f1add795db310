import ModelGraph
import Tensors

/// `ScatterND` (ai.onnx 18): a copy of `data` in which the slices of `updates` replace, or are
/// reduced with (`reduction`), those that the index tuples along the last axis of `indices` point
/// to. Negative indices count from the end. All types, reductions of numbers and booleans.
struct ScatterNDOperator: Operator {
  static let opType = "ScatterND"

  private let reduction: ScatterReduction

  init(_ attributes: inout AttributeReader) throws {
    reduction = try attributes.choice("reduction", default: .none)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "data")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.requireSameType(0, 2)
    return try context.movingStrings { context in
      try context.computingInFloat { context in
        let (data, indices) = (try context.input(0, "data"), try context.input(1, "indices"))
        let updates = try context.input(2, "updates")
        let offsets = try tupleOffsets(
          data.shape, indices.shape, try context.integers(1, "indices"), batch: 0)
        let slice = data.shape.dimensions[indices.shape[indices.shape.rank - 1]...]
        let expected = try Shape.checked(indices.shape.dimensions.dropLast() + slice)
        guard updates.shape == expected else {
          throw OperatorError.inputShape(index: 2, expected: "\(expected)", found: updates.shape)
        }
        return [
          try context.scattering(at: offsets, length: slice.reduce(1, *), reduction)
        ]
      }
    }
  }
}
