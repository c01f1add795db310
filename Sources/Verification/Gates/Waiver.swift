/// A known breach of a limit that is let pass until a day, for a reason.
public struct Waiver: Hashable, Codable, Sendable {
  /// A shell pattern over the subject's name.
  public var match: String
  /// The metric whose limit is waived.
  public var metric: Metric
  /// Why.
  public var reason: String
  /// The last day on which it holds, as `YYYY-MM-DD`.
  public var expires: CalendarDay

  /// A waiver.
  public init(match: String, metric: Metric, reason: String, expires: CalendarDay) {
    self.match = match
    self.metric = metric
    self.reason = reason
    self.expires = expires
  }

  /// Whether it covers a breach of `metric` by `subject` on `day`.
  func covers(_ subject: Subject, _ metric: Metric, on day: CalendarDay) -> Bool {
    metric == self.metric && day <= expires && GateRule.matches(match, subject.name)
  }
}
