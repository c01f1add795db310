/// How the range that a scale covers is chosen from the values seen.
public enum RangeMethod: Hashable, Sendable {
  /// From the smallest to the largest.
  case minMax
  /// All but the outermost (100 − p)/2 percent on either side (on the one side that has values).
  case percentile(Double)
  /// The range whose quantized distribution is nearest in the Kullback-Leibler divergence.
  case entropy
  /// The range with the least mean squared error of the quantized values.
  case meanSquare
}

extension RangeMethod: CustomStringConvertible {
  /// The name used in options and recipes: `min-max`, `percentile:99.99`, `entropy`, `mse`.
  public var description: String {
    switch self {
    case .minMax: "min-max"
    case .percentile(let share): "percentile:\(share)"
    case .entropy: "entropy"
    case .meanSquare: "mse"
    }
  }

  /// The method of that name; `percentile` alone means 99.99. Nil for a name that means none, or a
  /// percentage not above 50 and at most 100.
  public init?(name: String) {
    switch name {
    case "min-max": self = .minMax
    case "entropy": self = .entropy
    case "mse": self = .meanSquare
    case "percentile": self = .percentile(99.99)
    default:
      guard name.hasPrefix("percentile:"), let share = Double(name.dropFirst(11)), share > 50,
        share <= 100
      else { return nil }
      self = .percentile(share)
    }
  }
}

/// The integers that values are quantized to.
public struct IntegerRange: Hashable, Sendable {
  /// The smallest integer.
  public var lowest: Int
  /// The largest integer.
  public var highest: Int
  /// Whether the zero point is 0 and −highest … highest are used.
  public var isSymmetric: Bool
}

/// A scale and its zero point: real = scale · (q − zeroPoint).
public struct ScaleParameters: Hashable, Sendable {
  /// The scale, above zero.
  public var scale: Float
  /// The zero point, among the integers used.
  public var zeroPoint: Int
}

extension IntegerRange {
  /// The scale and zero point that cover `lowest … highest` and zero.
  ///
  /// Symmetric: scale = max |x| / highest integer. Else scale = (max(x, 0) − min(x, 0)) / steps and
  /// the zero point that makes 0 exact. A range of nothing but zero gets scale 1.
  public func parameters(lowest low: Float, highest high: Float) -> ScaleParameters {
    if isSymmetric {
      return ScaleParameters(scale: usable(max(-low, high) / Float(highest)), zeroPoint: 0)
    }
    let low = min(low, 0)
    let high = max(high, 0)
    // Half the range at a time, so that the largest floats do not overflow.
    let steps = Float(highest - lowest)
    let scale = usable(high / steps - low / steps)
    let zero = (Float(lowest) - low / scale).rounded(.toNearestOrEven)
    let bounded = min(max(zero, Float(lowest)), Float(highest))
    return ScaleParameters(scale: scale, zeroPoint: bounded.isNaN ? lowest : Int(bounded))
  }

  /// A scale that can be divided by: 1 in place of zero, finite, and no subnormal, which has too few
  /// digits and which some processors' modes take for zero.
  private func usable(_ scale: Float) -> Float {
    guard scale > 0 else { return 1 }
    return min(max(scale, .leastNormalMagnitude), .greatestFiniteMagnitude)
  }
}
