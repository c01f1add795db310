import FileIO

/// A section's rows as texts, the same on the console, in Markdown and on the page.
public struct ReportTable: Sendable {
  /// A column.
  public struct Column: Sendable {
    /// Its title.
    public let title: String
    /// Whether it holds texts, not numbers.
    public let isText: Bool
    fileprivate let cell: @Sendable (ReportSection.Row) -> String
  }

  /// The columns that the section's metrics need.
  public let columns: [Column]
  /// The rows, a cell for each column.
  public let rows: [[String]]

  /// The table of `section`.
  ///
  /// - Parameters:
  ///   - rows: the rows to show; nil for all.
  ///   - nameLimit: how long names may become.
  public init(_ section: ReportSection, rows: [ReportSection.Row]? = nil, nameLimit: Int = 160) {
    let metrics = Set(section.rows.flatMap(\.statistics.keys))
    let numbers =
      section.depth == .distribution
      ? Self.ofSets : Self.ofPairs(isLayer: section.depth.isOfLayers)
    let columns =
      [
        Column(title: "name", isText: true) {
          $0.subject.label.escapedForDisplay(limit: nameLimit)
        },
        Column(title: "samples", isText: false) { "\($0.sampleCount)" },
      ] + numbers.filter { metrics.contains($0.metric) }.map(\.column) + [
        Column(title: "verdict", isText: true) { $0.passed ? "pass" : "FAIL" }
      ]
    self.columns = columns
    self.rows = (rows ?? section.rows).map { row in columns.map { $0.cell(row) } }
  }
}

extension ReportTable {
  private typealias MetricColumn = (metric: Metric, column: Column)

  private static func ofPairs(isLayer: Bool) -> [MetricColumn] {
    let start = [
      worst(.psnr, "worst PSNR"), mean(.psnr, "mean PSNR"),
      worst(.relativeL2, "rel. L2", digits: 3),
    ]
    if isLayer { return start + [worst(.excessError, "over rounding", digits: 3)] }
    return start + [
      worst(.cosine, "cosine"), worst(.ssim, "SSIM"), worst(.msSSIM, "MS-SSIM"),
      worst(.histogramDistance, "histogram", digits: 3),
      worst(.maximumError, "max abs error", digits: 3),
    ]
  }

  private static var ofSets: [MetricColumn] {
    [
      mean(.frechetDistance, "Fréchet distance"), mean(.score, "mean score"),
      mean(.scoreLoss, "mean loss of score"),
    ]
  }

  private static func worst(_ metric: Metric, _ title: String, digits: Int? = nil) -> MetricColumn {
    column(metric, title) { text($0.worst, metric, digits) }
  }

  /// The mean, with half of its interval's width where there is one.
  private static func mean(_ metric: Metric, _ title: String) -> MetricColumn {
    column(metric, title) { statistic in
      let text = text(statistic.mean, metric, nil)
      guard let interval = statistic.interval, interval.high > interval.low else { return text }
      return text + " ± " + Quantities.significant((interval.high - interval.low) / 2, 2)
    }
  }

  private static func text(_ value: Double, _ metric: Metric, _ digits: Int?) -> String {
    digits.map { Quantities.significant(value, $0) } ?? ReportText.value(value, of: metric)
  }

  private static func column(
    _ metric: Metric, _ title: String, _ text: @escaping @Sendable (Statistic) -> String
  ) -> MetricColumn {
    (metric, Column(title: title, isText: false) { $0.statistics[metric].map(text) ?? "–" })
  }
}
