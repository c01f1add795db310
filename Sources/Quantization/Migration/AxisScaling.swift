import Foundation
import Tensors

/// Factors for the elements of tensors by their place along an axis.
///
/// All are powers of two, so that scaling is exact and what a graph computes stays the same to the
/// last bit, unless a number leaves the normal range of its type.
struct AxisScaling {
  /// For each tensor, by name, and each axis: a factor for every place.
  private(set) var factors: [String: [Int: [Float]]] = [:]

  /// Whether no factor is other than 1.
  var isEmpty: Bool { factors.isEmpty }

  /// Multiplies tensor `name` along `axis` by `factors`, beside what is there.
  mutating func multiply(_ name: String, axis: Int, by factors: [Float]) {
    guard factors.contains(where: { $0 != 1 }) else { return }
    let known = self.factors[name]?[axis]
    self.factors[name, default: [:]][axis] =
      known.map { zip($0, factors).map { $0 * $1 } } ?? factors
  }

  /// The power of two nearest to `number` on a logarithmic scale, 2⁻²⁴ to 2²⁴; 1 for numbers that
  /// are not positive and finite.
  static func powerOfTwo(nearest number: Float) -> Float {
    guard number > 0, number.isFinite else { return 1 }
    let exponent = log2(Double(number)).rounded(.toNearestOrEven)
    return Float(sign: .plus, exponent: Int(min(max(exponent, -24), 24)), significand: 1)
  }
}
