/// The subjects of one component, graph and depth, with their statistics: a table of a report.
public struct ReportSection: Sendable {
  /// One subject: a row.
  public struct Row: Sendable {
    /// What was measured.
    public let subject: Subject
    /// Its statistics, by metric.
    public let statistics: [Metric: Statistic]
    /// Whether it keeps to its limits.
    public let passed: Bool

    /// Whether anything is limited.
    public let isLimited: Bool
    /// How many samples there are.
    public let sampleCount: Int
  }

  /// The component's label.
  public let component: String
  /// The graph's name.
  public let graph: String?
  /// The depth.
  public let depth: Subject.Depth
  /// How coarse the component's weights are.
  public let precision: Precision
  /// The limits of its rows, each once, in order; empty where nothing is limited.
  public let limits: [Limits]
  /// The rows, in order.
  public let rows: [Row]
}

extension VerificationReport {
  /// The report's tables, in order of first appearance.
  public var sections: [ReportSection] {
    var order: [SectionKey] = []
    var subjects: [SectionKey: [Subject]] = [:]
    for subject in judgement.statistics.map(\.subject) {
      let key = SectionKey(
        component: subject.component, graph: subject.graph, depth: subject.depth)
      if subjects[key] == nil { order.append(key) }
      if subjects[key]?.last != subject { subjects[key, default: []].append(subject) }
    }
    let failed = Set(judgement.breaches.map(\.subject))
    let statistics = Dictionary(grouping: judgement.statistics, by: \.subject)
    return order.map { key in
      let precision = precisions[key.component] ?? .exact
      var limits: [Limits] = []
      let rows = (subjects[key] ?? []).map { subject in
        let own = statistics[subject] ?? []
        let limit = policy.limits(for: subject, precision: precision)
        if !limit.isEmpty, !limits.contains(limit) { limits.append(limit) }
        return ReportSection.Row(
          subject: subject,
          statistics: Dictionary(own.map { ($0.metric, $0) }, uniquingKeysWith: { $1 }),
          passed: !failed.contains(subject), isLimited: !limit.isEmpty,
          sampleCount: own.map { $0.metric.isOfSets ? settings.count : $0.count }.max() ?? 0)
      }
      return ReportSection(
        component: key.component, graph: key.graph, depth: key.depth, precision: precision,
        limits: limits, rows: rows)
    }
  }

  private struct SectionKey: Hashable {
    let component: String
    let graph: String?
    let depth: Subject.Depth
  }
}
