import FileIO
import Verification

/// The verdict of a verification, in words.
enum VerifyText {
  /// A table of what was measured for each component, the limits broken, and the verdict.
  static func summary(_ report: VerificationReport) -> String {
    let groups = report.judgement.statistics.bySection
    var parts = groups.map { section($0, report) }
    parts += failures(report.judgement.breaches)
    parts += report.judgement.findings.compactMap(waived)
    if let drift = report.drift { parts.append(describe(drift)) }
    parts += report.judgement.notes.map { "note: \($0.escapedForDisplay)" }
    parts.append(verdict(report))
    return parts.joined(separator: "\n")
  }

  private static func verdict(_ report: VerificationReport) -> String {
    let judgement = report.judgement
    let subjects = Set(judgement.statistics.map(\.subject)).count
    let failed = Set(judgement.breaches.map(\.subject)).count
    let part = report.shard.map { " in part \($0)" } ?? ""
    switch judgement.verdict {
    case .pass:
      return "PASS: \(subjects) of \(subjects) compared\(part) are within their limits"
        + (judgement.sampleCount > 1 ? "; \(confidence(report))" : "")
    case .fail: return "FAIL: \(failed) of \(subjects) compared\(part) are beyond a limit"
    case .undecided:
      return "UNDECIDED: \(judgement.failedSamples) of \(judgement.sampleCount) samples fail; "
        + confidence(report)
    }
  }

  /// What the number of samples allows to say.
  private static func confidence(_ report: VerificationReport) -> String {
    let bound = Quantities.significant(100 * report.judgement.failureRateBound, 2)
    let level = Quantities.significant(100 * report.policy.confidence, 2)
    return "with \(report.judgement.sampleCount) samples, up to \(bound)% of all could fail "
      + "(\(level)% confidence)"
  }
}

extension VerifyText {
  private static func section(
    _ statistics: [[Statistic]], _ report: VerificationReport
  ) -> String {
    guard let subject = statistics.first?.first?.subject else { return "" }
    let precision = report.precisions[subject.component] ?? .exact
    let place = [subject.component, subject.graph?.escapedForDisplay(limit: 60)]
      .compactMap { $0 }.joined(separator: ", graph ")
    let limits = report.policy.limits(for: subject, precision: precision)
    var table = TextTable([
      ("name", .left), ("samples", .right), ("worst PSNR", .right), ("mean PSNR", .right),
      ("rel. L2", .right), ("cosine", .right), ("SSIM", .right), ("max abs error", .right),
      ("verdict", .left),
    ])
    for group in statistics { table.add(row(group, report.judgement)) }
    return "\(place): \(title(subject.depth)); weights \(precision); gate \(text(limits))\n"
      + table.text
  }

  private static func title(_ depth: Subject.Depth) -> String {
    switch depth {
    case .outputs: "outputs"
    case .weights: "weights, tensor by tensor"
    case .cumulative: "layers, errors accumulating"
    case .isolated: "layers, each by itself"
    case .trajectory: "trajectory"
    case .distribution: "sets of images"
    }
  }

  private static func row(_ statistics: [Statistic], _ judgement: Judgement) -> [String] {
    let subject = statistics[0].subject
    func worst(_ metric: Metric) -> Double? { statistics.first { $0.metric == metric }?.worst }
    func mean(_ metric: Metric) -> Double? { statistics.first { $0.metric == metric }?.mean }
    let failed = judgement.breaches.contains { $0.subject == subject }
    return [
      subject.label.escapedForDisplay(limit: 60), "\(statistics.map(\.count).max() ?? 0)",
      worst(.psnr).map(Quantities.decibels) ?? "–", mean(.psnr).map(Quantities.decibels) ?? "–",
      worst(.relativeL2).map { Quantities.significant($0, 3) } ?? "–",
      worst(.cosine).map { String(describing: ($0 * 1e6).rounded() / 1e6) } ?? "–",
      worst(.ssim).map { Quantities.significant($0, 4) } ?? "–",
      worst(.maximumError).map { Quantities.significant($0, 3) } ?? "–", failed ? "FAIL" : "pass",
    ]
  }

  private static func text(_ limits: Limits) -> String {
    let worst = limits.worst.filter { $0.key != .nonFinite }.sorted { $0.key < $1.key }.map {
      "\($0.title) \($0.isBetterHigher ? ">=" : "<=") \(value($1, of: $0))"
    }
    let mean = limits.mean.sorted { $0.key < $1.key }.map {
      "mean \($0.title) \($0.isBetterHigher ? ">=" : "<=") \(value($1, of: $0))"
    }
    return worst.isEmpty && mean.isEmpty ? "none" : (worst + mean).joined(separator: ", ")
  }

  private static func value(_ value: Double, of metric: Metric) -> String {
    metric.isDecibels ? Quantities.decibels(value) : Quantities.significant(value, 4)
  }
}

extension VerifyText {
  private static func failures(_ breaches: [Finding]) -> [String] {
    var order: [Subject] = []
    for finding in breaches where !order.contains(finding.subject) { order.append(finding.subject) }
    return order.map { subject in
      let own = breaches.filter { $0.subject == subject }
      let reasons = own.prefix(4).map(describe).joined(separator: "; ")
      let more = own.count > 4 ? "; and \(own.count - 4) more" : ""
      return
        "\(subject.component): \(subject.label.escapedForDisplay(limit: 100)): \(reasons)\(more)"
    }
  }

  private static func waived(_ finding: Finding) -> String? {
    finding.waiver.map { waiver in
      "waived until \(waiver.expires) (\(waiver.reason.escapedForDisplay(limit: 200))): "
        + "\(finding.subject.label.escapedForDisplay(limit: 100)): \(describe(finding))"
    }
  }

  private static func describe(_ finding: Finding) -> String {
    let metric = finding.metric
    let place = finding.sample.map { "sample \($0): " } ?? "mean of "
    if metric == .nonFinite {
      return "\(place)\(Int(finding.found)) elements are NaN or infinite on one side only"
    }
    let limit = finding.kind == .baseline ? "what the baseline allows," : "the limit of"
    let side = metric.isBetterHigher ? "below" : "above"
    if metric.isDecibels {
      return "\(place)\(metric.title) \(value(finding.found, of: metric)) is "
        + "\(Quantities.decibels(abs(finding.limit - finding.found))) \(side) \(limit) "
        + value(finding.limit, of: metric)
    }
    return "\(place)\(metric.title) \(value(finding.found, of: metric)) is \(side) \(limit) "
      + value(finding.limit, of: metric)
  }

  private static func describe(_ drift: LayerDrift) -> String {
    let weight = drift.weight.map { " (weight \($0.escapedForDisplay(limit: 200)))" } ?? ""
    let recipe = drift.recipeLine.map { "; to keep it: \($0)" } ?? ""
    return "\(drift.component): the first layer that drifts is \(drift.operatorType) "
      + "\(drift.layer.escapedForDisplay(limit: 200))\(weight): rel. L2 "
      + "\(Quantities.significant(drift.isolatedError, 3)) by itself on sample \(drift.sample)"
      + recipe
  }
}

extension [Statistic] {
  /// Statistics by component, graph and depth, then by subject, in order of first appearance.
  fileprivate var bySection: [[[Statistic]]] {
    var sections: [[[Statistic]]] = []
    for statistic in self {
      let subject = statistic.subject
      let isNewSection =
        sections.last?.first?.first.map {
          ($0.subject.component, $0.subject.graph, $0.subject.depth)
            != (subject.component, subject.graph, subject.depth)
        } ?? true
      if isNewSection { sections.append([]) }
      let last = sections.count - 1
      if sections[last].last?.first?.subject != subject { sections[last].append([]) }
      sections[last][sections[last].count - 1].append(statistic)
    }
    return sections
  }
}
