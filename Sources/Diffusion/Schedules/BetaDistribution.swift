import Foundation

/// The Beta distribution on 0 … 1, density x^{α−1} (1 − x)^{β−1} / B(α, β).
struct BetaDistribution {
  private static let bisections = 100
  private static let terms = 300
  let alpha: Double
  let beta: Double

  /// The x below which lies the share `probability`, 0 … 1, to about 1e-14: by bisection.
  func quantile(_ probability: Double) -> Double {
    if probability <= 0 { return 0 }
    if probability >= 1 { return 1 }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<Self.bisections {
      let middle = low + (high - low) / 2
      if share(below: middle) < probability { low = middle } else { high = middle }
    }
    return low + (high - low) / 2
  }

  /// The share below `x`: the regularized incomplete beta function I_x(α, β).
  func share(below x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The continued fraction converges fast only below the mean; the rest is its mirror image.
    if x > (alpha + 1) / (alpha + beta + 2) {
      return 1 - BetaDistribution(alpha: beta, beta: alpha).share(below: 1 - x)
    }
    let logFactor =
      lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta) + alpha * log(x) + beta * log1p(-x)
    return exp(logFactor) / alpha / denominator(x)
  }

  /// The continued fraction 1 + d₁ / (1 + d₂ / (1 + …)) (Abramowitz and Stegun, 26.5.8), from its
  /// far end.
  private func denominator(_ x: Double) -> Double {
    var value = 1.0
    for index in (1...Self.terms).reversed() {
      let m = Double(index / 2)
      let coefficient =
        index.isMultiple(of: 2)
        ? m * (beta - m) * x / ((alpha + 2 * m - 1) * (alpha + 2 * m))
        : -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2 * m) * (alpha + 2 * m + 1))
      value = 1 + coefficient / value
    }
    return value
  }
}
