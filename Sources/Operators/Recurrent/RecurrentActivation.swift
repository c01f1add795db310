import ModelGraph
import Tensors

/// An activation function of the recurrent operators, with its parameters.
struct RecurrentActivation: Sendable {
  fileprivate enum Kind: String, CaseIterable {
    case relu, tanh, sigmoid, affine, leakyrelu, thresholdedrelu, scaledtanh, hardsigmoid, elu
    case softsign, softplus
  }

  private let kind: Kind
  private let alpha: Float
  private let beta: Float

  /// How many functions a direction takes, and which ones unless stated.
  static func list(
    _ attributes: inout AttributeReader, defaults: [String], directions: Int
  ) throws -> [RecurrentActivation] {
    let whole = (0..<directions).flatMap { _ in defaults }
    let names = try attributes.optionalStrings("activations") ?? whole
    guard names.count >= whole.count else {
      throw OperatorError.attribute(
        "activations", expected: "\(whole.count) functions", found: "\(names)")
    }
    var alphas = try attributes.optionalFloats("activation_alpha") ?? []
    var betas = try attributes.optionalFloats("activation_beta") ?? []
    return try names.prefix(whole.count).map { name in
      guard let kind = Kind(rawValue: name.lowercased()) else {
        throw OperatorError.attribute(
          "activations", expected: "activation functions", found: "\"\(name)\"")
      }
      return RecurrentActivation(
        kind: kind, alpha: take(&alphas, default: kind.alpha),
        beta: take(&betas, default: kind.beta))
    }
  }

  /// Functions with a parameter take the next value given, in the functions' order.
  private static func take(_ values: inout [Float], default fallback: Float?) -> Float {
    guard let fallback else { return 0 }
    return values.isEmpty ? fallback : values.removeFirst()
  }

  /// The function's value at `x`.
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real {
    let alpha = Real(alpha)
    let beta = Real(beta)
    switch kind {
    case .relu: return x > 0 || x.isNaN ? x : 0
    case .tanh: return Real.tanh(x)
    case .sigmoid: return Self.sigmoid(x)
    case .affine: return alpha * x + beta
    case .leakyrelu: return x >= 0 ? x : alpha * x
    case .thresholdedrelu: return x >= alpha ? x : 0
    case .scaledtanh: return alpha * Real.tanh(beta * x)
    case .hardsigmoid: return min(max(alpha * x + beta, 0), 1)
    case .elu: return x >= 0 ? x : alpha * (Real.exp(x) - 1)
    case .softsign: return x / (1 + x.magnitude)
    case .softplus:
      return max(x, 0) + Real.log(1 + Real.exp(-x.magnitude))
    }
  }

  private static func sigmoid<Real: RealElement>(_ x: Real) -> Real {
    guard x < 0 else { return 1 / (1 + Real.exp(-x)) }
    let e = Real.exp(x)
    return e / (1 + e)
  }
}

extension RecurrentActivation.Kind {
  /// The default of the function's `alpha`; nil for a function without.
  fileprivate var alpha: Float? {
    switch self {
    case .affine, .thresholdedrelu, .scaledtanh, .elu: 1
    case .leakyrelu: 0.01
    case .hardsigmoid: 0.2
    case .relu, .tanh, .sigmoid, .softsign, .softplus: nil
    }
  }

  /// The default of the function's `beta`; nil for a function without.
  fileprivate var beta: Float? {
    switch self {
    case .affine: 0
    case .scaledtanh: 1
    case .hardsigmoid: 0.5
    default: nil
    }
  }
}
