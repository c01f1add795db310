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
    let shown = ReportTable(section, rows: shown(section), nameLimit: 60)
    var table = TextTable(shown.columns.map { ($0.title, $0.isText ? .left : .right) })
    for row in shown.rows { table.add(row) }
    let count = section.rows.count > shownLayers ? ", the worst of \(section.rows.count)" : ""
    let isRanked = section.depth.isOfLayers
    return
      "\(place): \(ReportText.title(section.depth))\(isRanked ? count : ""); weights \(section.precision); "
      + "gate \(ReportText.gate(section))\n" + table.text
  }

  /// The rows to print: of layers the worst, for there are hundreds.
  private static func shown(_ section: ReportSection) -> [ReportSection.Row] {
    guard section.depth.isOfLayers else { return section.rows }
    let ranked = section.rows.enumerated().sorted {
      let (a, b) = ($0.element.relativeError, $1.element.relativeError)
      return a == b ? $0.offset < $1.offset : a > b
    }
    return ranked.prefix(shownLayers).map(\.element)
  }

  private static let shownLayers = 5
}

extension ReportSection.Row {
  fileprivate var relativeError: Double { statistics[.relativeL2]?.worst ?? 0 }
}
