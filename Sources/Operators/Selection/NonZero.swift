import ModelGraph
import Tensors

/// `NonZero` (ai.onnx 13): the indices of the elements other than zero in row-major order, as int64
/// `[rank, count]`. All number types, booleans, and strings (other than the empty one).
struct NonZeroOperator: NumericOperator {
  static let opType = "NonZero"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let rank = try context.type(0, "X").rank
    return [TensorType(.int64, [rank.map(Dimension.fixed) ?? .unknown, .unknown])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let numbers: Tensor
    switch input.dtype {
    case .bool: numbers = input.bitCast(to: .uint8)
    case .string: numbers = try Tensor(input.strings.map { UInt8($0.isEmpty ? 0 : 1) }, input.shape)
    default: return try runNumbers(context)
    }
    return try run(as: UInt8.self, context.replacing(inputs: [numbers], overwritable: [false]))
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let elements = UnsafeBufferPointer(start: input.pointer(as: type), count: input.elementCount)
    let positions = elements.indices.filter { elements[$0] != 0 }
    let output = try context.allocate(
      .int64, Shape.checked([input.shape.rank, positions.count]))
    let target = output.mutablePointer(as: Int64.self)
    let strides = input.shape.strides
    for axis in 0..<input.shape.rank {
      let row = target + axis * positions.count
      for (column, position) in positions.enumerated() {
        row[column] = Int64(position / strides[axis] % input.shape[axis])
      }
    }
    return [output]
  }
}
