import Foundation
import Kernels
import Tensors

/// `Sin` (ai.onnx 22): sin x, x in radians. Floats.
struct SinOperator: UnaryRealOperator {
  static let opType = "Sin"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .sin }
  func value<Real: RealElement>(at x: Real) -> Real { Real.sin(x) }
}

/// `Cos` (ai.onnx 22): cos x, x in radians. Floats.
struct CosOperator: UnaryRealOperator {
  static let opType = "Cos"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .cos }
  func value<Real: RealElement>(at x: Real) -> Real { Real.cos(x) }
}

/// `Tan` (ai.onnx 22): tan x, x in radians. Floats; computed in Double.
struct TanOperator: UnaryRealOperator {
  static let opType = "Tan"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.tan(x.double)) }
}

/// `Asin` (ai.onnx 22): the angle in radians whose sine is x; NaN beyond ±1. Floats; computed in Double.
struct AsinOperator: UnaryRealOperator {
  static let opType = "Asin"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.asin(x.double)) }
}

/// `Acos` (ai.onnx 22): the angle in radians whose cosine is x; NaN beyond ±1. Floats; computed in Double.
struct AcosOperator: UnaryRealOperator {
  static let opType = "Acos"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.acos(x.double)) }
}

/// `Atan` (ai.onnx 22): the angle in radians whose tangent is x. Floats; computed in Double.
struct AtanOperator: UnaryRealOperator {
  static let opType = "Atan"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { Real(nearest: Foundation.atan(x.double)) }
}

extension SinOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String { site.add("Cos", [site.input(0)]) }
}

extension CosOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String {
    site.add("Neg", [site.add("Sin", [site.input(0)])])
  }
}
