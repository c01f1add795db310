import Kernels
import Tensors

/// `Exp` (ai.onnx 13): e^x. Floats.
struct ExpOperator: UnaryRealOperator {
  static let opType = "Exp"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .exp }
  func value<Real: RealElement>(at x: Real) -> Real { Real.exp(x) }
}

/// `Log` (ai.onnx 13): log x; −infinity at 0, NaN below. Floats.
struct LogOperator: UnaryRealOperator {
  static let opType = "Log"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .log }
  func value<Real: RealElement>(at x: Real) -> Real { Real.log(x) }
}

/// `Sqrt` (ai.onnx 13): √x; NaN below 0. Floats.
struct SqrtOperator: UnaryRealOperator {
  static let opType = "Sqrt"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .squareRoot }
  func value<Real: RealElement>(at x: Real) -> Real { x.squareRoot() }
}

/// `Reciprocal` (ai.onnx 13): 1 / x. Floats.
struct ReciprocalOperator: UnaryRealOperator {
  static let opType = "Reciprocal"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .reciprocal }
  func value<Real: RealElement>(at x: Real) -> Real { 1 / x }
}

/// `Erf` (ai.onnx 13): the error function. Floats.
struct ErfOperator: UnaryRealOperator {
  static let opType = "Erf"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .erf }
  func value<Real: RealElement>(at x: Real) -> Real { Real.erf(x) }
}

extension ExpOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String { site.output() }
}

extension LogOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String { site.add("Reciprocal", [site.input(0)]) }
}

extension SqrtOperator: SlopedOperator {
  func slope(_ site: GradientSite) throws -> String {
    site.divide(try site.number(0.5), site.output())
  }
}

extension ReciprocalOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String {
    site.add("Neg", [site.multiply(site.output(), site.output())])
  }
}

extension ErfOperator: SlopedOperator {
  /// 2 / √π · e^(−x²).
  func slope(_ site: GradientSite) throws -> String {
    let square = site.multiply(site.input(0), site.input(0))
    return try site.scale(
      site.add("Exp", [site.add("Neg", [square])]), by: 2 / Double.pi.squareRoot())
  }
}
