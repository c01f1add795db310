import Kernels
import Tensors

/// `Abs` (ai.onnx 13): |x|; the lowest integer stays. All number types.
struct AbsOperator: UnaryNumericOperator {
  static let opType = "Abs"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .absolute }
  func value<Number: NumberElement>(at x: Number) -> Number {
    x <= 0 ? Number.difference(0, x) : x
  }
}

/// `Neg` (ai.onnx 13): −x; the lowest integer stays. Floats and signed integers.
struct NegOperator: UnaryNumericOperator {
  static let opType = "Neg"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .negative }
  func value<Number: NumberElement>(at x: Number) -> Number {
    Number.product(x, Number.difference(0, 1))
  }
}

/// `Sign` (ai.onnx 13): 1 above 0, −1 below, else x itself (±0, NaN). All number types.
struct SignOperator: UnaryNumericOperator {
  static let opType = "Sign"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Number: NumberElement>(at x: Number) -> Number {
    x > 0 ? 1 : x < 0 ? Number.difference(0, 1) : x
  }
}

extension AbsOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String { site.add("Sign", [site.input(0)]) }
}

extension NegOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    [site.add("Neg", [try site.outputGradient()])]
  }
}

extension SignOperator: PiecewiseConstantOperator {}
