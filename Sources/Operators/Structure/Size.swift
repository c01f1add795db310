import ModelGraph
import Tensors

/// `Size` (ai.onnx 25): the number of elements, as an int64 scalar. All types.
struct SizeOperator: Operator {
  static let opType = "Size"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] { [.scalar(.int64)] }

  func fold(_ context: InferenceContext) throws -> [Tensor]? {
    guard let shape = try context.type(0, "data").shape else { return nil }
    return [try Tensor(scalar: Int64(shape.elementCount))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [try Tensor(scalar: Int64(try context.input(0, "data").elementCount))]
  }
}

extension SizeOperator: PiecewiseConstantOperator {}
