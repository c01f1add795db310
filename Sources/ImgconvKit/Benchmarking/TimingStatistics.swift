/// Measured times, summed up.
public struct TimingStatistics: Sendable {
  /// The times in ascending order, in seconds.
  public let sorted: [Double]

  /// Sums up `seconds`, of which there is at least one.
  public init(_ seconds: [Double]) {
    precondition(!seconds.isEmpty)
    sorted = seconds.sorted()
  }

  /// The shortest, in seconds.
  public var minimum: Double { sorted[0] }
  /// The longest, in seconds.
  public var maximum: Double { sorted[sorted.count - 1] }
  /// The middle one, in seconds.
  public var median: Double { quantile(0.5) }
  /// The distance between the first and the third quartile, in seconds.
  public var interquartileRange: Double { quantile(0.75) - quantile(0.25) }

  /// The quantile at `fraction` (0 … 1), linear between neighbours (Hyndman & Fan 1996, type 7).
  public func quantile(_ fraction: Double) -> Double {
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    guard below + 1 < sorted.count else { return sorted[below] }
    return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
  }
}
