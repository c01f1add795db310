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
    if let drift = report.drift { parts.append(ReportText.text(drift)) }
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
    for row in section.rows { table.add(cells(row, hasSimilarity: hasSimilarity)) }
    return "\(place): \(ReportText.title(section.depth)); weights \(section.precision); "
      + "gate \(ReportText.text(section.limits))\n" + table.text
  }

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
