/// What was measured of one subject on one sample.
public struct Measurement: Hashable, Codable, Sendable {
  /// What was measured.
  public var subject: Subject
  /// The sample's number, from 0, counted over all shards.
  public var sample: Int
  /// The metrics.
  public var values: [Metric: Double]

  /// A measurement.
  public init(subject: Subject, sample: Int, values: [Metric: Double]) {
    self.subject = subject
    self.sample = sample
    self.values = values
  }
}

extension Sequence<Measurement> {
  /// The measurements by subject, subjects in order of first appearance, samples ascending.
  public var bySubject: [(subject: Subject, measurements: [Measurement])] {
    var order: [Subject] = []
    var groups: [Subject: [Measurement]] = [:]
    for measurement in self {
      if groups[measurement.subject] == nil { order.append(measurement.subject) }
      groups[measurement.subject, default: []].append(measurement)
    }
    return order.map { subject in
      (subject, (groups[subject] ?? []).sorted { $0.sample < $1.sample })
    }
  }
}
