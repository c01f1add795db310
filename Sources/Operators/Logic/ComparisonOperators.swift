import FileIO
import ModelGraph
import Tensors

/// `Less` (ai.onnx 13): A < B, broadcast, as booleans; false where either is NaN. All number types.
struct LessOperator: ComparisonOperator {
  static let opType = "Less"
  init(_ attributes: inout AttributeReader) throws {}
  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a < b }
}

/// `LessOrEqual` (ai.onnx 16): A ≤ B, as `Less`.
struct LessOrEqualOperator: ComparisonOperator {
  static let opType = "LessOrEqual"
  init(_ attributes: inout AttributeReader) throws {}
  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a <= b }
}

/// `Greater` (ai.onnx 13): A > B, as `Less`.
struct GreaterOperator: ComparisonOperator {
  static let opType = "Greater"
  init(_ attributes: inout AttributeReader) throws {}
  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a > b }
}

/// `GreaterOrEqual` (ai.onnx 16): A ≥ B, as `Less`.
struct GreaterOrEqualOperator: ComparisonOperator {
  static let opType = "GreaterOrEqual"
  init(_ attributes: inout AttributeReader) throws {}
  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a >= b }
}

/// `Equal` (ai.onnx 19): A = B, broadcast, as booleans; false where either is NaN. All number types,
/// booleans and strings.
struct EqualOperator: ComparisonOperator {
  static let opType = "Equal"

  init(_ attributes: inout AttributeReader) throws {}

  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a == b }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.requireSameType(0, 1)
    let (a, b) = (try context.input(0, "A"), try context.input(1, "B"))
    switch a.dtype {
    case .bool: return try compare([a.bitCast(to: .uint8), b.bitCast(to: .uint8)], context)
    case .string: return try compare(try numbered([a, b]), context)
    default: return try compare([a, b], context)
    }
  }

  private func compare(_ inputs: [Tensor], _ context: ExecutionContext) throws -> [Tensor?] {
    let context = context.replacing(inputs: inputs, overwritable: [false, false])
    return try context.computingInFloat { context in
      switch try context.input(0, "A").dtype {
      case .float32: try run(as: Float.self, context)
      case .float64: try run(as: Double.self, context)
      case .int8, .uint8: try run(as: UInt8.self, context.asBits(of: .uint8))
      case .int16, .uint16: try run(as: UInt16.self, context.asBits(of: .uint16))
      case .int32, .uint32: try run(as: UInt32.self, context.asBits(of: .uint32))
      case .int64, .uint64: try run(as: UInt64.self, context.asBits(of: .uint64))
      case let other:
        throw OperatorError.inputType(
          index: 0, expected: "numbers, booleans or strings", found: other)
      }
    }
  }

  /// Each string replaced by a number, equal strings by the same.
  private func numbered(_ tensors: [Tensor]) throws -> [Tensor] {
    var numbers: [ByteString: Int64] = [:]
    return try tensors.map { tensor in
      let elements = tensor.strings.map { text -> Int64 in
        let number = numbers[ByteString(text)] ?? Int64(numbers.count)
        numbers[ByteString(text)] = number
        return number
      }
      return try Tensor(elements, tensor.shape)
    }
  }
}

extension ExecutionContext {
  /// The same run with all inputs, of one width, read as elements of `dtype`.
  func asBits(of dtype: DType) -> ExecutionContext {
    replacing(
      inputs: inputs.map { $0?.bitCast(to: dtype) }, overwritable: overwritableInputs)
  }
}
