import ModelGraph
import Tensors

/// An operator on the bits of pairs of integers, broadcast.
protocol BinaryBitwiseOperator: Operator {
  /// The function of two words.
  static func value<Word: FixedWidthInteger>(_ a: Word, _ b: Word) -> Word
}

extension BinaryBitwiseOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.broadcastType()] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let dtype = try context.integerType()
    try context.requireSameType(0, 1)
    switch dtype.byteWidth {
    case 1: return [try context.combining(nil, BitwisePair<Self, UInt8>())]
    case 2: return [try context.combining(nil, BitwisePair<Self, UInt16>())]
    case 4: return [try context.combining(nil, BitwisePair<Self, UInt32>())]
    default: return [try context.combining(nil, BitwisePair<Self, UInt64>())]
    }
  }
}

/// The function of a bitwise operator on one width.
private struct BitwisePair<Made: BinaryBitwiseOperator, Word: FixedWidthInteger & BitwiseCopyable>:
  ElementPairFunction
{
  @inline(__always) func callAsFunction(_ a: Word, _ b: Word) -> Word { Made.value(a, b) }
}

/// All bits flipped.
private struct Complement<Word: FixedWidthInteger & BitwiseCopyable>: ElementFunction {
  @inline(__always) func callAsFunction(_ x: Word) -> Word { ~x }
}

/// `BitwiseAnd` (ai.onnx 18): the bits set in both of two integers, broadcast.
struct BitwiseAndOperator: BinaryBitwiseOperator {
  static let opType = "BitwiseAnd"
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Word: FixedWidthInteger>(_ a: Word, _ b: Word) -> Word { a & b }
}

/// `BitwiseOr` (ai.onnx 18): the bits set in either of two integers, broadcast.
struct BitwiseOrOperator: BinaryBitwiseOperator {
  static let opType = "BitwiseOr"
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Word: FixedWidthInteger>(_ a: Word, _ b: Word) -> Word { a | b }
}

/// `BitwiseXor` (ai.onnx 18): the bits in which two integers differ, broadcast.
struct BitwiseXorOperator: BinaryBitwiseOperator {
  static let opType = "BitwiseXor"
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Word: FixedWidthInteger>(_ a: Word, _ b: Word) -> Word { a ^ b }
}

/// `BitwiseNot` (ai.onnx 18): each integer with all bits flipped.
struct BitwiseNotOperator: Operator {
  static let opType = "BitwiseNot"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "X")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    switch try context.integerType().byteWidth {
    case 1: [try context.mapping(nil, Complement<UInt8>())]
    case 2: [try context.mapping(nil, Complement<UInt16>())]
    case 4: [try context.mapping(nil, Complement<UInt32>())]
    default: [try context.mapping(nil, Complement<UInt64>())]
    }
  }
}

/// `BitShift` (ai.onnx 28): X shifted by Y bits to the left or right (`direction`), broadcast.
///
/// A right shift of a signed type fills with the sign. Shifts by a negative count or by the width
/// or more give the fill alone: 0, or −1 for a right shift of a negative integer.
struct BitShiftOperator: Operator {
  static let opType = "BitShift"

  private let direction: Direction

  private enum Direction: String, CaseIterable {
    case left = "LEFT"
    case right = "RIGHT"
  }

  init(_ attributes: inout AttributeReader) throws {
    guard attributes.has("direction") else { throw OperatorError.missingAttribute("direction") }
    direction = try attributes.choice("direction", default: .left)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.broadcastType()] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let dtype = try context.integerType()
    try context.requireSameType(0, 1)
    switch dtype {
    case .int8: return [try shift(context, as: Int8.self)]
    case .int16: return [try shift(context, as: Int16.self)]
    case .int32: return [try shift(context, as: Int32.self)]
    case .int64: return [try shift(context, as: Int64.self)]
    case .uint8: return [try shift(context, as: UInt8.self)]
    case .uint16: return [try shift(context, as: UInt16.self)]
    case .uint32: return [try shift(context, as: UInt32.self)]
    default: return [try shift(context, as: UInt64.self)]
    }
  }

  private func shift<Word: FixedWidthInteger & BitwiseCopyable>(
    _ context: ExecutionContext, as type: Word.Type
  ) throws -> Tensor {
    try context.combining(nil, Shift<Word>(isLeft: direction == .left))
  }
}

/// A shift by any count.
private struct Shift<Word: FixedWidthInteger & BitwiseCopyable>: ElementPairFunction {
  let isLeft: Bool

  @inline(__always)
  func callAsFunction(_ value: Word, _ count: Word) -> Word {
    let fits = count >= 0 && count < Word(Word.bitWidth)
    if isLeft { return fits ? value &<< count : 0 }
    return fits ? value &>> count : (value < 0 ? ~0 : 0)
  }
}

extension ExecutionContext {
  /// The type of input 0, which must be an integer type of 8 to 64 bits.
  fileprivate func integerType() throws -> DType {
    let dtype = try input(0, "X").dtype
    guard dtype.isInteger, !dtype.isSubByte else {
      throw OperatorError.inputType(
        index: 0, expected: "integers of 8 to 64 bits", found: dtype)
    }
    return dtype
  }
}
