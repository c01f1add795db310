import Kernels
import ModelGraph
import Tensors

/// `Relu` (ai.onnx 14): max(0, x). Floats and signed integers.
struct ReluOperator: UnaryNumericOperator {
  static let opType = "Relu"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .relu }
  func value<Number: NumberElement>(at x: Number) -> Number { x < 0 ? 0 : x }
}

/// `LeakyRelu` (ai.onnx 16): x, or `alpha` (0.01) · x below 0. Floats.
struct LeakyReluOperator: UnaryRealOperator {
  static let opType = "LeakyRelu"
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 0.01)
  }
  var vectorized: ElementwiseFunction? { .leakyRelu(alpha: alpha) }
  func value<Real: RealElement>(at x: Real) -> Real { x < 0 ? Real(alpha) * x : x }
}

/// `ThresholdedRelu` (ai.onnx 22): x above `alpha` (1), else 0. Floats.
struct ThresholdedReluOperator: UnaryRealOperator {
  static let opType = "ThresholdedRelu"
  fileprivate let alpha: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
  }
  func value<Real: RealElement>(at x: Real) -> Real { x > Real(alpha) ? x : 0 }
}

/// `HardSigmoid` (ai.onnx 22): max(0, min(1, `alpha` (0.2) · x + `beta` (0.5))). Floats.
struct HardSigmoidOperator: UnaryRealOperator {
  static let opType = "HardSigmoid"
  fileprivate let alpha: Float
  private let beta: Float
  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 0.2)
    beta = try attributes.float("beta", default: 0.5)
  }
  var vectorized: ElementwiseFunction? { .hardSigmoid(alpha: alpha, beta: beta) }
  func value<Real: RealElement>(at x: Real) -> Real {
    held(Real(alpha) * x + Real(beta))
  }
}

/// `HardSwish` (ai.onnx 22): x · max(0, min(1, x / 6 + 0.5)). Floats.
struct HardSwishOperator: UnaryRealOperator {
  static let opType = "HardSwish"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .hardSwish(alpha: 1 / 6, beta: 0.5) }
  func value<Real: RealElement>(at x: Real) -> Real { x * held(x / 6 + Real(0.5)) }
}

/// `Softsign` (ai.onnx 22): x / (1 + |x|). Floats.
struct SoftsignOperator: UnaryRealOperator {
  static let opType = "Softsign"
  init(_ attributes: inout AttributeReader) throws {}
  func value<Real: RealElement>(at x: Real) -> Real { x / (1 + x.magnitude) }
}

/// `Shrink` (ai.onnx 9): x + `bias` (0) below −`lambd` (0.5), x − `bias` above `lambd`, else 0. All
/// number types; integers are computed in Double and rounded toward zero.
struct ShrinkOperator: UnaryNumericOperator {
  static let opType = "Shrink"
  private let bias: Float
  private let lambda: Float
  init(_ attributes: inout AttributeReader) throws {
    bias = try attributes.float("bias", default: 0)
    lambda = try attributes.float("lambd", default: 0.5)
  }
  func value<Number: NumberElement>(at x: Number) -> Number {
    let real = x.double
    if real < -Double(lambda) { return Number(nearest: real + Double(bias)) }
    return real > Double(lambda) ? Number(nearest: real - Double(bias)) : 0
  }
}

/// `x` held to 0 … 1; NaN stays.
@inline(__always)
private func held<Real: RealElement>(_ x: Real) -> Real { x < 0 ? 0 : x > 1 ? 1 : x }

extension ReluOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let isAbove = site.add("Greater", [site.input(0), try site.number(0)])
    return [try site.masked(isAbove, site.outputGradient())]
  }
}

extension LeakyReluOperator: SlopedOperator {
  func slope(_ site: GradientSite) throws -> String {
    let isBelow = site.add("Less", [site.input(0), try site.number(0)])
    return site.select(isBelow, try site.number(Double(alpha)), try site.number(1))
  }
}

extension HardSigmoidOperator: SlopedOperator {
  /// alpha where the result is neither 0 nor 1.
  func slope(_ site: GradientSite) throws -> String {
    let isAbove = site.add("Greater", [site.output(), try site.number(0)])
    let isBelow = site.add("Less", [site.output(), try site.number(1)])
    return site.select(
      site.add("And", [isAbove, isBelow]), try site.number(Double(alpha)), try site.number(0))
  }
}

extension HardSwishOperator: SlopedOperator {
  /// h(x) + x · h′(x) with h = max(0, min(1, x / 6 + ½)).
  func slope(_ site: GradientSite) throws -> String {
    let x = site.input(0)
    let attributes: [String: AttributeValue] = ["alpha": .float(1 / 6), "beta": .float(0.5)]
    let held = site.add("HardSigmoid", [x], attributes)
    let isInside = site.add("Less", [site.add("Abs", [x]), try site.number(3)])
    return site.add(held, try site.masked(isInside, site.scale(x, by: 1 / 6)))
  }
}
