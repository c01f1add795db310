import ModelGraph
import Tensors

/// An operator on pairs of booleans, broadcast.
protocol BinaryBooleanOperator: Operator {
  /// The function of two bytes that are 0 or 1.
  static func value(_ a: UInt8, _ b: UInt8) -> UInt8
}

extension BinaryBooleanOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.broadcastType().with(.bool)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    for (index, name) in ["A", "B"].enumerated() { _ = try context.input(index, name, .bool) }
    return [try context.combining(nil, BooleanPair<Self>())]
  }
}

/// The function of a boolean operator.
private struct BooleanPair<Made: BinaryBooleanOperator>: ElementPairFunction {
  @inline(__always) func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { Made.value(a, b) }
}

/// The opposite of a byte that is 0 or 1.
private struct Opposite: ElementFunction {
  @inline(__always) func callAsFunction(_ x: UInt8) -> UInt8 { x ^ 1 }
}

/// `And` (ai.onnx 7): whether both of two booleans are true, broadcast.
struct AndOperator: BinaryBooleanOperator {
  static let opType = "And"
  init(_ attributes: inout AttributeReader) throws {}
  static func value(_ a: UInt8, _ b: UInt8) -> UInt8 { a & b }
}

/// `Or` (ai.onnx 7): whether either of two booleans is true, broadcast.
struct OrOperator: BinaryBooleanOperator {
  static let opType = "Or"
  init(_ attributes: inout AttributeReader) throws {}
  static func value(_ a: UInt8, _ b: UInt8) -> UInt8 { a | b }
}

/// `Xor` (ai.onnx 7): whether two booleans differ, broadcast.
struct XorOperator: BinaryBooleanOperator {
  static let opType = "Xor"
  init(_ attributes: inout AttributeReader) throws {}
  static func value(_ a: UInt8, _ b: UInt8) -> UInt8 { a ^ b }
}

/// `Not` (ai.onnx 1): each boolean's opposite.
struct NotOperator: Operator {
  static let opType = "Not"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "X")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    _ = try context.input(0, "X", .bool)
    return [try context.mapping(nil, Opposite())]
  }
}
