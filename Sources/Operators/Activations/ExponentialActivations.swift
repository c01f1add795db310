import Foundation
import Kernels
import Tensors

/// `Sigmoid` (ai.onnx 13): 1 / (1 + e^−x). Floats.
struct SigmoidOperator: UnaryRealOperator {
  static let opType = "Sigmoid"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .sigmoid }
  func value<Real: RealElement>(at x: Real) -> Real { sigmoid(x) }
}

/// `Softplus` (ai.onnx 22): log(1 + e^x). Floats.
struct SoftplusOperator: UnaryRealOperator {
  static let opType = "Softplus"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .softplus }
  func value<Real: RealElement>(at x: Real) -> Real { softplus(x) }
}

/// `Mish` (ai.onnx 22): x · tanh(log(1 + e^x)). Floats.
struct MishOperator: UnaryRealOperator {
  static let opType = "Mish"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .mish }
  func value<Real: RealElement>(at x: Real) -> Real { x * Real.tanh(softplus(x)) }
}

/// `Elu` (ai.onnx 22): x, or `alpha` (1) · (e^x − 1) below 0. Floats.
struct EluOperator: UnaryRealOperator {
  static let opType = "Elu"
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }
  var vectorized: ElementwiseFunction? { .elu(alpha: alpha) }
  func value<Real: RealElement>(at x: Real) -> Real { x < 0 ? Real(alpha) * expMinusOne(x) : x }
}

/// `Celu` (ai.onnx 28): max(0, x) + min(0, `alpha` (1) · (e^(x / alpha) − 1)). Floats.
struct CeluOperator: UnaryRealOperator {
  static let opType = "Celu"
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }
  func value<Real: RealElement>(at x: Real) -> Real {
    let negative = Real(alpha) * expMinusOne(x / Real(alpha))
    return (x < 0 ? 0 : x) + (negative > 0 ? 0 : negative)
  }
}

/// `Selu` (ai.onnx 22): `gamma` · (x, or `alpha` · (e^x − 1) from 0 down). Floats.
struct SeluOperator: UnaryRealOperator {
  static let opType = "Selu"
  fileprivate let alpha: Float
  private let gamma: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1.67326319217681884765625)
    gamma = try attributes.float("gamma", default: 1.05070102214813232421875)
  }
  var vectorized: ElementwiseFunction? { .selu(alpha: alpha, gamma: gamma) }
  func value<Real: RealElement>(at x: Real) -> Real {
    Real(gamma) * (x > 0 ? x : Real(alpha) * expMinusOne(x))
  }
}

/// `Gelu` (ai.onnx 20): ½ x (1 + erf(x / √2)), or with `approximate` "tanh"
/// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Floats.
struct GeluOperator: UnaryRealOperator {
  static let opType = "Gelu"
  fileprivate let approximation: Approximation

  fileprivate enum Approximation: String, CaseIterable { case none, tanh }

  init(_ attributes: inout AttributeReader) throws {
    approximation = try attributes.choice("approximate", default: .none)
  }

  var vectorized: ElementwiseFunction? { approximation == .none ? .gelu : .geluTanh }

  func value<Real: RealElement>(at x: Real) -> Real {
    if approximation == .none { return x / 2 * (1 + Real.erf(x * Real(0.5.squareRoot()))) }
    let slope = Real((2 / Double.pi).squareRoot())
    return x / 2 * (1 + Real.tanh(slope * (x + Real(0.044715) * x * x * x)))
  }
}

/// `Swish` (ai.onnx 24): x / (1 + e^(−`alpha` (1) · x)). Floats.
struct SwishOperator: UnaryRealOperator {
  static let opType = "Swish"
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }
  var vectorized: ElementwiseFunction? { alpha == 1 ? .silu : nil }
  func value<Real: RealElement>(at x: Real) -> Real { x * sigmoid(Real(alpha) * x) }
}

/// 1 / (1 + e^−x) without overflow.
@inline(__always)
func sigmoid<Real: RealElement>(_ x: Real) -> Real {
  if x >= 0 { return 1 / (1 + Real.exp(-x)) }
  let power = Real.exp(x)
  return power / (1 + power)
}

/// log(1 + e^x) without overflow.
@inline(__always)
func softplus<Real: RealElement>(_ x: Real) -> Real {
  (x > 0 ? x : 0) + Real(nearest: log1p(exp(-x.magnitude.double)))
}

/// e^x − 1 without cancellation near 0.
@inline(__always)
func expMinusOne<Real: RealElement>(_ x: Real) -> Real { Real(nearest: expm1(x.double)) }

extension SigmoidOperator: SlopedOperator {
  /// y (1 − y).
  func slope(_ site: GradientSite) throws -> String {
    site.multiply(site.output(), site.subtract(try site.number(1), site.output()))
  }
}

extension SoftplusOperator: SlopedOperator {
  func slope(_ site: GradientSite) -> String { site.add("Sigmoid", [site.input(0)]) }
}

extension MishOperator: SlopedOperator {
  /// t + x · sigmoid(x) · (1 − t²) with t = tanh(softplus(x)).
  func slope(_ site: GradientSite) throws -> String {
    let x = site.input(0)
    let t = site.add("Tanh", [site.add("Softplus", [x])])
    let rest = site.subtract(try site.number(1), site.multiply(t, t))
    return site.add(
      t, site.multiply(x, site.multiply(site.add("Sigmoid", [x]), rest)))
  }
}

extension EluOperator: SlopedOperator {
  /// 1, or alpha · e^x = y + alpha below 0.
  func slope(_ site: GradientSite) throws -> String {
    let isBelow = site.add("Less", [site.input(0), try site.number(0)])
    let below = site.add(site.output(), try site.number(Double(alpha)))
    return site.select(isBelow, below, try site.number(1))
  }
}

extension GeluOperator: SlopedOperator {
  func slope(_ site: GradientSite) throws -> String {
    approximation == .none ? try exactSlope(site) : try tanhSlope(site)
  }

  /// Φ(x) + x φ(x), Φ and φ the normal distribution and its density.
  private func exactSlope(_ site: GradientSite) throws -> String {
    let x = site.input(0)
    let erf = site.add("Erf", [try site.scale(x, by: 0.5.squareRoot())])
    let distribution = site.add(try site.scale(erf, by: 0.5), try site.number(0.5))
    let exponent = try site.scale(site.multiply(x, x), by: -0.5)
    let density = try site.scale(
      site.add("Exp", [exponent]), by: 1 / (2 * Double.pi).squareRoot())
    return site.add(distribution, site.multiply(x, density))
  }

  /// ½ (1 + t) + ½ x (1 − t²) u′ with t = tanh u, u = √(2/π) (x + 0.044715 x³).
  private func tanhSlope(_ site: GradientSite) throws -> String {
    let x = site.input(0)
    let factor = (2 / Double.pi).squareRoot()
    let square = site.multiply(x, x)
    let cubic = site.add(try site.scale(square, by: 0.044715), try site.number(1))
    let t = site.add("Tanh", [try site.scale(site.multiply(x, cubic), by: factor)])
    let inner = try site.scale(
      site.add(try site.scale(square, by: 3 * 0.044715), try site.number(1)), by: factor)
    let rest = site.subtract(try site.number(1), site.multiply(t, t))
    let sum = site.add(
      site.add(t, try site.number(1)), site.multiply(x, site.multiply(rest, inner)))
    return try site.scale(sum, by: 0.5)
  }
}

extension SwishOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.addOwn(
      "SwishGradient", [try site.outputGradient(), site.input(0)], ["alpha": .float(alpha)])
  }
}

/// `imgconv.SwishGradient`: dY · s · (1 + αx · (1 − s)) with s = 1 / (1 + e^(−αx)) for inputs dY and
/// x of one shape; `alpha` (1). Floats.
struct SwishGradientOperator: BinaryNumericOperator {
  static let opType = "SwishGradient"
  static let domain = GradientSite.domain
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }
  var vectorized: VectorMath.BinaryFunction? { alpha == 1 ? .siluGradient : nil }
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    let x = Double(alpha) * b.double
    let s = sigmoid(x)
    return Number(nearest: a.double * s * (1 + x * (1 - s)))
  }
}
