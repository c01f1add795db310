import ModelGraph
import Tensors

/// An operator that says of each float whether a condition holds.
protocol FloatTestOperator: Operator {
  /// The condition.
  func holds(_ x: Double) -> Bool
}

extension FloatTestOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "X").with(.bool)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    guard input.dtype.isFloatingPoint else {
      throw OperatorError.inputType(index: 0, expected: "floats", found: input.dtype)
    }
    let output = try context.allocate(.bool, input.shape)
    let target = output.mutablePointer(as: UInt8.self)
    let count = input.elementCount
    if input.dtype == .float32 {
      mapElements(
        input.pointer(), into: target, count: count, Condition<Self, Float>(made: self))
    } else {
      let wide = try input.converted(to: .float64)
      mapElements(
        wide.pointer(), into: target, count: count, Condition<Self, Double>(made: self))
      withExtendedLifetime(wide) {}
    }
    return [output]
  }
}

/// A test's condition on one element type, as 0 or 1.
private struct Condition<Made: FloatTestOperator, Real: RealElement>: ElementFunction {
  let made: Made
  @inline(__always) func callAsFunction(_ x: Real) -> UInt8 { made.holds(x.double) ? 1 : 0 }
}

/// `IsNaN` (ai.onnx 20): whether each float is a NaN. Floats and fp8.
struct IsNaNOperator: FloatTestOperator {
  static let opType = "IsNaN"
  init(_ attributes: inout AttributeReader) throws {}
  func holds(_ x: Double) -> Bool { x.isNaN }
}

/// `IsInf` (ai.onnx 20): whether each float is infinite; `detect_negative` and `detect_positive`
/// (both 1) say which infinities count. Floats and fp8.
struct IsInfOperator: FloatTestOperator {
  static let opType = "IsInf"

  private let detectsNegative: Bool
  private let detectsPositive: Bool

  init(_ attributes: inout AttributeReader) throws {
    detectsNegative = try attributes.flag("detect_negative", default: true)
    detectsPositive = try attributes.flag("detect_positive", default: true)
  }

  func holds(_ x: Double) -> Bool {
    (detectsPositive && x == .infinity) || (detectsNegative && x == -.infinity)
  }
}
