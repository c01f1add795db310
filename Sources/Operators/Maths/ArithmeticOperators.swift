import Kernels
import Tensors

/// `Add` (ai.onnx 14): A + B, broadcast; all number types, integers wrap.
struct AddOperator: BinaryNumericOperator {
  static let opType = "Add"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: VectorMath.BinaryFunction? { .add }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number { Number.sum(a, b) }
}

/// `Sub` (ai.onnx 14): A − B, broadcast; all number types, integers wrap.
struct SubOperator: BinaryNumericOperator {
  static let opType = "Sub"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: VectorMath.BinaryFunction? { .subtract }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.difference(a, b)
  }
}

/// `Mul` (ai.onnx 14): A · B, broadcast; all number types, integers wrap.
struct MulOperator: BinaryNumericOperator {
  static let opType = "Mul"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: VectorMath.BinaryFunction? { .multiply }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number { Number.product(a, b) }
}

/// `Div` (ai.onnx 14): A / B, broadcast; all number types. Integers round toward zero and give 0
/// for a division by zero (numpy's result), the lowest integer divided by −1 wraps.
struct DivOperator: BinaryNumericOperator {
  static let opType = "Div"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: VectorMath.BinaryFunction? { .divide }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number { Number.quotient(a, b) }
}

/// `PRelu` (ai.onnx 16): x, or slope · x below 0; the slope is broadcast to x. All number types.
struct PReluOperator: BinaryNumericOperator {
  static let opType = "PRelu"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: VectorMath.BinaryFunction? { .prelu }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    a < 0 ? Number.product(a, b) : a
  }
}

extension AddOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    return try (0..<2).map { site.needs($0) ? try site.reduce(gradient, toInput: $0) : nil }
  }
}

extension SubOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    return [
      site.needs(0) ? try site.reduce(gradient, toInput: 0) : nil,
      site.needs(1) ? site.add("Neg", [try site.reduce(gradient, toInput: 1)]) : nil,
    ]
  }
}

extension MulOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    return try (0..<2).map { index in
      guard site.needs(index) else { return nil }
      return try site.reduce(
        site.multiply(gradient, site.input(1 - index)), toInput: index)
    }
  }
}

extension DivOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let share = site.divide(try site.outputGradient(), site.input(1))
    return [
      site.needs(0) ? try site.reduce(share, toInput: 0) : nil,
      site.needs(1)
        ? site.add("Neg", [try site.reduce(site.multiply(share, site.output()), toInput: 1)]) : nil,
    ]
  }
}
