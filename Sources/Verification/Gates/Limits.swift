/// The limits on the metrics of one subject.
public struct Limits: Hashable, Codable, Sendable {
  /// What each sample must keep to, by metric.
  public var worst: [Metric: Double]
  /// What the mean over the samples must keep to, by metric.
  public var mean: [Metric: Double]

  /// Limits; none by default.
  public init(worst: [Metric: Double] = [:], mean: [Metric: Double] = [:]) {
    self.worst = worst
    self.mean = mean
  }

  /// Whether nothing is limited.
  public var isEmpty: Bool { worst.isEmpty && mean.isEmpty }

  /// These limits, completed by those of `other` for metrics that have none here.
  public func completed(by other: Limits) -> Limits {
    let limited = Set(worst.keys).union(mean.keys)
    return Limits(
      worst: worst.merging(other.worst.filter { !limited.contains($0.key) }) { own, _ in own },
      mean: mean.merging(other.mean.filter { !limited.contains($0.key) }) { own, _ in own })
  }
}
