import FileIO

/// The charts of a report's page.
enum ReportCharts {
  /// The charts that the measurements allow: drift by layer, PSNR by step, PSNR by sample.
  static func charts(of report: VerificationReport) -> [[String: Any]] {
    let charts = drift(report) + trajectory(report) + samples(report)
    return charts.compactMap { chart in
      let svg = chart.svg
      guard !svg.isEmpty else { return nil }
      let names = chart.lines.enumerated().map {
        ["name": $1.name.escapedForDisplay(limit: 80), "line": $0 % 4] as [String: Any]
      }
      return ["title": chart.title, "svg": svg, "names": names.count > 1 ? names : []]
    }
  }

  /// The relative error of every layer, in the graph's order.
  private static func drift(_ report: VerificationReport) -> [LineChart] {
    let lines = [Subject.Depth.cumulative, .isolated].compactMap { depth -> LineChart.Line? in
      let values = report.judgement.statistics.filter {
        $0.subject.depth == depth && $0.metric == .relativeL2
      }.map(\.worst)
      return values.isEmpty
        ? nil : LineChart.Line(name: ReportText.title(depth), values: values)
    }
    guard !lines.isEmpty else { return [] }
    return [
      LineChart(
        title: "Drift by layer", valueTitle: "relative L2", positionTitle: "layers, first to last",
        lines: lines, isLogarithmic: true)
    ]
  }

  /// The mean PSNR after each step, a line for each stage and length of trajectory.
  private static func trajectory(_ report: VerificationReport) -> [LineChart] {
    let steps = report.judgement.statistics.filter {
      $0.subject.depth == .trajectory && $0.metric == .psnr && $0.subject.step != nil
    }
    var order: [String] = []
    var values: [String: [Double]] = [:]
    for statistic in steps {
      let name = "\(statistic.subject.name), \(statistic.subject.steps ?? 0) steps"
      if values[name] == nil { order.append(name) }
      values[name, default: []].append(statistic.mean)
    }
    let lines = order.map { LineChart.Line(name: $0, values: values[$0] ?? []) }
      .filter { $0.values.count > 1 }
    guard !lines.isEmpty else { return [] }
    return [
      LineChart(
        title: "PSNR by step", valueTitle: "mean PSNR, dB", positionTitle: "steps",
        lines: lines, isLogarithmic: false)
    ]
  }

  /// The PSNR of every sample, a line for each of the first outputs.
  private static func samples(_ report: VerificationReport) -> [LineChart] {
    let groups = report.measurements.bySubject.filter { subject, measurements in
      [.outputs, .trajectory].contains(subject.depth) && subject.step == nil
        && measurements.count > 1
    }
    let lines = groups.prefix(4).map { subject, measurements in
      LineChart.Line(
        name: subject.label, values: measurements.map { $0.values[.psnr] ?? .nan })
    }
    guard !lines.isEmpty else { return [] }
    return [
      LineChart(
        title: "PSNR by sample", valueTitle: "PSNR, dB", positionTitle: "samples, by number",
        lines: Array(lines), isLogarithmic: false)
    ]
  }
}
