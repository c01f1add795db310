import Foundation

/// Quantiles of the distributions that confidence intervals are made of.
package enum Quantile {
  /// The p-quantile of the standard normal distribution, 0 < p < 1, by bisection of
  /// Φ(z) = erfc(−z/√2)/2 to the last bits of a double.
  package static func normal(_ p: Double) -> Double {
    bisect(-40, 40) { 0.5 * erfc(-$0 / 2.0.squareRoot()) < p }
  }

  /// The p-quantile of Student's t distribution with `degrees` degrees of freedom, at least 1.
  ///
  /// Exact for 1 and 2 degrees; for more by the expansion in 1/ν of Abramowitz and Stegun 26.7.5,
  /// whose error is below 0.2% at 3 degrees and falls with ν⁻⁵.
  package static func student(_ p: Double, degrees: Int) -> Double {
    precondition(degrees >= 1)
    if degrees == 1 { return tan(.pi * (p - 0.5)) }
    if degrees == 2 { return (2 * p - 1) / (2 * p * (1 - p)).squareRoot() }
    let z = normal(p)
    let nu = Double(degrees)
    let z3 = z * z * z
    let z5 = z3 * z * z
    let z7 = z5 * z * z
    let z9 = z7 * z * z
    let first = (z3 + z) / 4
    let second = (5 * z5 + 16 * z3 + 3 * z) / 96
    let third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384
    let fourth = (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / 92160
    return z + (first + (second + (third + fourth / nu) / nu) / nu) / nu
  }

  /// The largest point of `low … high` up to which `isBelow` holds.
  package static func bisect(_ low: Double, _ high: Double, _ isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (low, high)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      if isBelow(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
