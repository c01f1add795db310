import FileIO
import Verification

/// The verdict of a verification, as the console shows it.
enum VerifyText {
  /// A table of what was measured for each component, the limits broken, and the verdict.
  static func summary(_ report: VerificationReport) -> String {
    var parts = report.sections.map(section)
    parts += ReportText.breaches(of: report.judgement).map { subject, text in
      "\(subject.component): \(subject.label.escapedForDisplay(limit: 100)): \(text)"
    }
    parts += report.judgement.findings.compactMap(ReportText.waived)
    parts += ReportText.faults(of: report)
    if let bisection = report.bisection {
      parts.append(ReportText.text(bisection))
      parts += bisection.recipeLines.map { "  \($0)" }
    }
    parts += report.judgement.notes.map { "note: \($0.escapedForDisplay)" }
    parts.append(ReportText.verdict(report))
    return parts.joined(separator: "\n")
  }

  private static func section(_ section: ReportSection) -> String {
    let place = [section.component, section.graph?.escapedForDisplay(limit: 60)]
      .compactMap { $0 }.joined(separator: ", graph ")
    let hasSimilarity = section.rows.contains { $0.statistics[.ssim] != nil }
    var table = TextTable(
      [
        ("name", .left), ("samples", .right), ("worst PSNR", .right), ("mean PSNR", .right),
        ("rel. L2", .right), ("cosine", .right),
      ] + (hasSimilarity ? [("SSIM", .right)] : []) + [
        ("max abs error", .right), ("verdict", .left),
      ])
    for row in shown(section) { table.add(cells(row, hasSimilarity: hasSimilarity)) }
    let count = section.rows.count > shownLayers ? ", the worst of \(section.rows.count)" : ""
    let isRanked = [.cumulative, .isolated].contains(section.depth)
    return
      "\(place): \(ReportText.title(section.depth))\(isRanked ? count : ""); weights \(section.precision); "
      + "gate \(ReportText.text(section.limits))\n" + table.text
  }

  /// The rows to print: of layers the worst, for there are hundreds.
  private static func shown(_ section: ReportSection) -> [ReportSection.Row] {
    guard [.cumulative, .isolated].contains(section.depth) else { return section.rows }
    let ranked = section.rows.enumerated().sorted {
      let (a, b) = ($0.element.relativeError, $1.element.relativeError)
      return a == b ? $0.offset < $1.offset : a > b
    }
    return ranked.prefix(shownLayers).map(\.element)
  }

  private static let shownLayers = 5

  private static func cells(_ row: ReportSection.Row, hasSimilarity: Bool) -> [String] {
    func worst(_ metric: Metric, _ text: (Double) -> String) -> String {
      row.statistics[metric].map { text($0.worst) } ?? "–"
    }
    let similarity = worst(.ssim) { ReportText.value($0, of: .ssim) }
    return [
      row.subject.label.escapedForDisplay(limit: 60), "\(row.sampleCount)",
      worst(.psnr, Quantities.decibels),
      row.statistics[.psnr].map { Quantities.decibels($0.mean) } ?? "–",
      worst(.relativeL2) { Quantities.significant($0, 3) },
      worst(.cosine) { ReportText.value($0, of: .cosine) },
    ] + (hasSimilarity ? [similarity] : []) + [
      worst(.maximumError) { Quantities.significant($0, 3) }, row.passed ? "pass" : "FAIL",
    ]
  }
}

extension ReportSection.Row {
  fileprivate var relativeError: Double { statistics[.relativeL2]?.worst ?? 0 }
}
