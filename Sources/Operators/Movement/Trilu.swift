import ModelGraph
import Tensors

/// `Trilu` (ai.onnx 14): of each matrix the upper (`upper` 1) or lower triangle from diagonal k
/// (input 1, 0) on, zeros elsewhere. All types.
struct TriluOperator: Operator {
  static let opType = "Trilu"

  private let keepsUpper: Bool

  init(_ attributes: inout AttributeReader) throws {
    keepsUpper = try attributes.flag("upper", default: true)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "input")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let shape = input.shape
      guard shape.rank >= 2 else {
        throw OperatorError.inputShape(index: 0, expected: "rank 2 or more", found: shape)
      }
      let diagonal = context.has(1) ? try context.integer(1, "k") : 0
      let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
      let width = input.dtype.byteWidth
      let output = try context.allocate(input.dtype, shape)
      output.fill(with: nil)
      for row in 0..<(columns == 0 ? 0 : shape.elementCount / columns) {
        // The first column on or above the diagonal, and the first beyond it.
        let onDiagonal = (row % rows).addingReportingOverflow(diagonal)
        let place = onDiagonal.overflow ? (diagonal < 0 ? -1 : columns) : onDiagonal.partialValue
        let kept =
          keepsUpper
          ? min(max(place, 0), columns)..<columns
          : 0..<min(max(place == .max ? place : place + 1, 0), columns)
        let offset = (row * columns + kept.lowerBound) * width
        (output.mutableRawPointer + offset).copyMemory(
          from: input.rawPointer + offset, byteCount: kept.count * width)
      }
      return [output]
    }
  }
}
