/// One metric of one subject over all samples.
public struct Statistic: Hashable, Codable, Sendable {
  /// What was measured.
  public var subject: Subject
  /// Which metric.
  public var metric: Metric
  /// How many samples there are.
  public var count: Int
  /// The mean over the samples.
  public var mean: Double
  /// The worst value.
  public var worst: Double
  /// The first sample that has it.
  public var worstSample: Int
  /// Where the mean lies with the policy's confidence (Student's t); nil for a single sample, or
  /// where a value is not finite.
  public var interval: Interval?

  /// A range of values.
  public struct Interval: Hashable, Codable, Sendable {
    /// The lower end.
    public var low: Double
    /// The upper end.
    public var high: Double
  }
}

extension Statistic {
  /// The statistics of one subject, metric by metric.
  package static func all(
    of subject: Subject, _ measurements: [Measurement], confidence: Double
  ) -> [Statistic] {
    let metrics = Set(measurements.flatMap(\.values.keys)).sorted()
    return metrics.map { metric in
      let samples = measurements.compactMap { measurement in
        measurement.values[metric].map { (sample: measurement.sample, value: $0) }
      }
      return Statistic(subject, metric, samples, confidence: confidence)
    }
  }

  private init(
    _ subject: Subject, _ metric: Metric, _ samples: [(sample: Int, value: Double)],
    confidence: Double
  ) {
    self.subject = subject
    self.metric = metric
    count = samples.count
    var worst = samples.first ?? (0, .nan)
    for sample in samples.dropFirst() where metric.isWorse(sample.value, than: worst.value) {
      worst = sample
    }
    self.worst = worst.value
    worstSample = worst.sample
    let values = samples.map(\.value)
    mean = values.reduce(0, +) / Double(max(values.count, 1))
    interval = Self.interval(values, mean: mean, confidence: confidence)
  }

  private static func interval(_ values: [Double], mean: Double, confidence: Double) -> Interval? {
    guard values.count >= 2, mean.isFinite else { return nil }
    let count = Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let quantile = Quantile.student((1 + confidence) / 2, degrees: values.count - 1)
    let half = quantile * (variance / count).squareRoot()
    return Interval(low: mean - half, high: mean + half)
  }
}
