import FileIO

/// What a report says, in sentences: the one place where its words are made.
public enum ReportText {
  /// A value with its metric's unit: `42.03 dB`, `0.9987`; cosines and similarities, which matter
  /// by how far they are from 1, with six decimals.
  public static func value(_ value: Double, of metric: Metric) -> String {
    switch metric {
    case .psnr, .sqnr: Quantities.decibels(value)
    case .cosine, .ssim, .msSSIM: "\((value * 1e6).rounded() / 1e6)"
    default: Quantities.significant(value, 4)
    }
  }

  /// A depth as a heading.
  public static func title(_ depth: Subject.Depth) -> String {
    switch depth {
    case .outputs: "outputs"
    case .weights: "weights, tensor by tensor"
    case .cumulative: "layers, errors accumulating"
    case .isolated: "layers, each by itself"
    case .trajectory: "trajectory"
    case .distribution: "sets of images, by metric networks"
    }
  }

  /// Limits in a row: `PSNR >= 30.00 dB, mean SSIM >= 0.9900`; `none` where there are none.
  public static func text(_ limits: Limits) -> String {
    func list(_ values: [Metric: Double], _ prefix: String) -> [String] {
      values.filter { $0.key != .nonFinite }.sorted { $0.key < $1.key }.map { metric, limit in
        "\(prefix)\(metric.title) \(metric.isBetterHigher ? ">=" : "<=") \(value(limit, of: metric))"
      }
    }
    let parts = list(limits.worst, "") + list(limits.mean, "mean ")
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }

  /// The limits of a section's rows; `none` where there are none.
  public static func gate(_ section: ReportSection) -> String {
    section.limits.isEmpty ? "none" : section.limits.map(text).joined(separator: "; or ")
  }

  /// A broken limit: `sample 3: PSNR 28.10 dB is 1.90 dB below the limit of 30.00 dB`.
  public static func text(_ finding: Finding) -> String {
    let metric = finding.metric
    let place =
      finding.sample.map { "sample \($0): " } ?? (metric.isOfSets ? "" : "mean of ")
    if metric == .nonFinite {
      return "\(place)\(Quantities.significant(finding.found, 12)) elements are NaN or infinite "
        + "on one side only"
    }
    let limit = finding.kind == .baseline ? "what the baseline allows," : "the limit of"
    let side = metric.isBetterHigher ? "below" : "above"
    let gap =
      metric.isDecibels ? "\(Quantities.decibels(abs(finding.limit - finding.found))) " : ""
    return "\(place)\(metric.title) \(value(finding.found, of: metric)) is \(gap)\(side) \(limit) "
      + value(finding.limit, of: metric)
  }

  /// A broken limit that is let pass; nil where it counts.
  public static func waived(_ finding: Finding) -> String? {
    finding.waiver.map { waiver in
      "waived until \(waiver.expires) (\(waiver.reason.escapedForDisplay(limit: 200))): "
        + "\(finding.subject.label.escapedForDisplay(limit: 100)): \(text(finding))"
    }
  }

  /// Each subject that breaks limits, with the first four it breaks.
  public static func breaches(of judgement: Judgement) -> [(subject: Subject, text: String)] {
    var order: [Subject] = []
    for finding in judgement.breaches where !order.contains(finding.subject) {
      order.append(finding.subject)
    }
    return order.map { subject in
      let own = judgement.breaches.filter { $0.subject == subject }
      let more = own.count > 4 ? "; and \(own.count - 4) more" : ""
      return (subject, own.prefix(4).map(text).joined(separator: "; ") + more)
    }
  }

  /// Where the candidate leaves its reference.
  public static func text(_ drift: LayerDrift) -> String {
    let weight = drift.weight.map { " (weight \($0.escapedForDisplay(limit: 200)))" } ?? ""
    let recipe = drift.recipeLine.map { "; to keep it: \($0)" } ?? ""
    return "\(drift.component): the first layer that drifts is \(drift.operatorType) "
      + "\(drift.layer.escapedForDisplay(limit: 200))\(weight) on sample \(drift.sample): "
      + "\(drift.reason)\(recipe)"
  }

  /// In which way the candidate is sampled otherwise.
  public static func text(_ drift: SamplerDrift) -> String {
    let settings = drift.settings.map {
      "\($0.name.escapedForDisplay(limit: 100)) is "
        + "\($0.reference.escapedForDisplay(limit: 100)) in the reference, "
        + "\($0.candidate.escapedForDisplay(limit: 100)) in the candidate"
    }
    let parting = drift.transition.map { transition in
      let error =
        transition.relativeL2.map { ", relative L2 \(Quantities.significant($0, 3))" }
        ?? ", asked at other timesteps"
      return "fed the same predictions, they part at transition \(transition.index) of "
        + "\(transition.steps) (sample \(transition.sample)\(error))"
    }
    return "\(drift.component): the samplers differ: "
      + (settings + [parting].compactMap { $0 }).joined(separator: "; ")
  }

  /// Why the candidate fails beside its limits: the layer at fault, the difference of the samplers.
  public static func faults(of report: VerificationReport) -> [String] {
    let layersAgree = report.drift == nil && report.settings.depths.contains(.isolated)
    let sampler = report.samplerDrift.map { text($0) + (layersAgree ? "; the layers agree" : "") }
    return [report.drift.map(text), sampler].compactMap { $0 }
  }

  /// Which layers to keep.
  public static func text(_ bisection: Bisection) -> String {
    guard bisection.isFound else {
      return "\(bisection.component): keeping all \(bisection.layerCount) quantized layers in fp16 "
        + "does not make the gate hold"
    }
    return "\(bisection.component): the gate holds with \(bisection.recipeLines.count) of "
      + "\(bisection.layerCount) quantized layers in fp16; rules for a recipe:"
  }

  /// The verdict in one line, with what the number of samples allows to say.
  public static func verdict(_ report: VerificationReport) -> String {
    let judgement = report.judgement
    let subjects = report.sections.flatMap(\.rows).count { $0.isLimited || !$0.passed }
    let part = report.shard.map { " in part \($0)" } ?? ""
    switch judgement.verdict {
    case .pass:
      return "PASS: \(subjects) of \(subjects) compared\(part) are within their limits"
        + (judgement.sampleCount > 1 ? "; \(confidence(report))" : "")
    case .fail:
      let failed = Set(judgement.breaches.map(\.subject)).count
      guard failed > 0 else {
        return report.drift == nil && report.samplerDrift != nil
          ? "FAIL: the samplers differ"
          : "FAIL: a layer\(part) is off by more than its rounding explains"
      }
      return "FAIL: \(failed) of \(subjects) compared\(part) are beyond a limit"
    case .undecided:
      return "UNDECIDED: \(judgement.failedSamples) of \(judgement.sampleCount) samples fail; "
        + confidence(report)
    }
  }

  private static func confidence(_ report: VerificationReport) -> String {
    let bound = Quantities.significant(100 * report.judgement.failureRateBound, 2)
    let level = Quantities.significant(100 * report.policy.confidence, 2)
    return "with \(report.judgement.sampleCount) samples, up to \(bound)% of all could fail "
      + "(\(level)% confidence)"
  }
}
