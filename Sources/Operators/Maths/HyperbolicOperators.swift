import Foundation
import Kernels
import Tensors

/// `Sinh` (ai.onnx 22): (e^x − e^−x) / 2. Floats; computed in Double.
struct SinhOperator: UnaryRealOperator {
  static let opType = "Sinh"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.sinh(x.double)) }
}

/// `Cosh` (ai.onnx 22): (e^x + e^−x) / 2. Floats; computed in Double.
struct CoshOperator: UnaryRealOperator {
  static let opType = "Cosh"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.cosh(x.double)) }
}

/// `Tanh` (ai.onnx 13): (e^x − e^−x) / (e^x + e^−x). Floats.
struct TanhOperator: UnaryRealOperator {
  static let opType = "Tanh"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .tanh }
  func value<Real: RealElement>(at x: Real) -> Real { Real.tanh(x) }
}

/// `Asinh` (ai.onnx 22): the inverse of Sinh. Floats; computed in Double.
struct AsinhOperator: UnaryRealOperator {
  static let opType = "Asinh"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.asinh(x.double)) }
}

/// `Acosh` (ai.onnx 22): the inverse of Cosh; NaN below 1. Floats; computed in Double.
struct AcoshOperator: UnaryRealOperator {
  static let opType = "Acosh"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.acosh(x.double)) }
}

/// `Atanh` (ai.onnx 22): the inverse of Tanh; NaN beyond ±1. Floats; computed in Double.
struct AtanhOperator: UnaryRealOperator {
  static let opType = "Atanh"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.atanh(x.double)) }
}

extension TanhOperator: SlopedOperator {
  /// 1 − y².
  func slope(_ site: GradientSite) throws -> String {
    site.subtract(try site.number(1), site.multiply(site.output(), site.output()))
  }
}
