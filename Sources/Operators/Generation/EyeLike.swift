import ModelGraph
import Tensors

/// `EyeLike` (ai.onnx 22): a matrix of the input's shape with ones on diagonal `k` (0), zeros
/// elsewhere, of type `dtype` (the input's). All number types and booleans.
struct EyeLikeOperator: Operator {
  static let opType = "EyeLike"

  private let dtype: DType?
  private let diagonal: Int

  init(_ attributes: inout AttributeReader) throws {
    dtype = try attributes.optionalDType("dtype")
    diagonal = try attributes.int("k", default: 0)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    return [type.with(dtype ?? type.dtype)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let shape = input.shape
    guard shape.rank == 2 else {
      throw OperatorError.inputShape(index: 0, expected: "a matrix", found: shape)
    }
    let output = try context.allocate(try numeric(dtype ?? input.dtype), shape)
    output.fill(with: nil)
    let one = try Tensor(scalar: Double(1)).converted(to: output.dtype)
    let width = output.dtype.byteWidth
    for row in 0..<shape[0] {
      let (column, overflow) = row.addingReportingOverflow(diagonal)
      guard !overflow, column >= 0, column < shape[1] else { continue }
      (output.mutableRawPointer + (row * shape[1] + column) * width).copyMemory(
        from: one.rawPointer, byteCount: width)
    }
    withExtendedLifetime(one) {}
    return [output]
  }

  private func numeric(_ dtype: DType) throws -> DType {
    guard dtype.isFloatingPoint || dtype.isInteger || dtype == .bool else {
      throw OperatorError.attribute("dtype", expected: "numbers or booleans", found: dtype.name)
    }
    return dtype
  }
}
