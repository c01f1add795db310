/// A limit that a candidate breaks.
public struct Finding: Hashable, Codable, Sendable {
  /// Which kind of limit.
  public enum Kind: String, Codable, Hashable, Sendable {
    /// On every sample.
    case worst
    /// On the mean over the samples.
    case mean
    /// On the drift of the mean since an earlier report.
    case baseline
  }

  /// What breaks it.
  public var subject: Subject
  /// The sample that breaks it; nil for limits on the mean.
  public var sample: Int?
  /// What is limited.
  public var metric: Metric
  /// Which kind of limit.
  public var kind: Kind
  /// The limit.
  public var limit: Double
  /// What was found.
  public var found: Double
  /// The waiver that lets it pass; nil where none does.
  public var waiver: Waiver?

  /// A broken limit.
  public init(
    subject: Subject, sample: Int? = nil, metric: Metric, kind: Kind, limit: Double,
    found: Double, waiver: Waiver? = nil
  ) {
    self.subject = subject
    self.sample = sample
    self.metric = metric
    self.kind = kind
    self.limit = limit
    self.found = found
    self.waiver = waiver
  }
}
