extension GatePolicy {
  /// The verdict over `measurements`.
  ///
  /// - Parameters:
  ///   - precisions: how coarse each component's weights are, by its label.
  ///   - isDrifting: whether a layer is at fault, or the samplers differ.
  ///   - baseline: an earlier report that the means must not fall behind.
  ///   - day: the day on which waivers are looked at.
  public func judge(
    _ measurements: [Measurement], precisions: [String: Precision], isDrifting: Bool = false,
    baseline: VerificationReport? = nil, on day: CalendarDay
  ) -> Judgement {
    let subjects = measurements.bySubject
    let statistics = subjects.flatMap { subject, measurements in
      Statistic.all(of: subject, measurements, confidence: confidence)
    }
    var findings = subjects.flatMap { subject, measurements in
      breaches(
        subject, measurements,
        limits(for: subject, precision: precisions[subject.component] ?? .exact))
    }
    findings += meanBreaches(statistics, precisions)
    if let baseline { findings += drifts(statistics, baseline.judgement.statistics) }
    for index in findings.indices {
      let finding = findings[index]
      findings[index].waiver = waivers.first { $0.covers(finding.subject, finding.metric, on: day) }
    }
    return judgement(
      findings, statistics, isDrifting: failsOnDrift && isDrifting,
      samples: Set(measurements.map(\.sample)).count,
      notes: idleNotes(measurements) + expiredNotes(on: day) + missingNotes(statistics, baseline))
  }

  private func breaches(
    _ subject: Subject, _ measurements: [Measurement], _ limits: Limits
  ) -> [Finding] {
    limits.worst.sorted { $0.key < $1.key }.flatMap { metric, limit in
      measurements.compactMap { measurement -> Finding? in
        guard let value = measurement.values[metric], !metric.holds(value, within: limit) else {
          return nil
        }
        return Finding(
          subject: subject, sample: metric.isOfSets ? nil : measurement.sample, metric: metric,
          kind: .worst, limit: limit,
          found: value)
      }
    }
  }

  private func meanBreaches(
    _ statistics: [Statistic], _ precisions: [String: Precision]
  ) -> [Finding] {
    statistics.compactMap { statistic in
      let precision = precisions[statistic.subject.component] ?? .exact
      guard let limit = limits(for: statistic.subject, precision: precision).mean[statistic.metric],
        !statistic.metric.holds(statistic.mean, within: limit)
      else { return nil }
      return Finding(
        subject: statistic.subject, metric: statistic.metric, kind: .mean, limit: limit,
        found: statistic.mean)
    }
  }

  private func drifts(_ statistics: [Statistic], _ earlier: [Statistic]) -> [Finding] {
    statistics.compactMap { statistic in
      guard let tolerance = baselineTolerance[statistic.metric],
        let before = earlier.first(where: {
          $0.subject == statistic.subject && $0.metric == statistic.metric
        })
      else { return nil }
      let limit =
        statistic.metric.isBetterHigher ? before.mean - tolerance : before.mean + tolerance
      guard !statistic.metric.holds(statistic.mean, within: limit) else { return nil }
      return Finding(
        subject: statistic.subject, metric: statistic.metric, kind: .baseline, limit: limit,
        found: statistic.mean)
    }
  }
}

extension GatePolicy {
  private func judgement(
    _ findings: [Finding], _ statistics: [Statistic], isDrifting: Bool, samples: Int,
    notes: [String]
  ) -> Judgement {
    let breaches = findings.filter { $0.waiver == nil }
    let failed = Set(breaches.compactMap(\.sample)).count
    let rate = FailureRate(failed: failed, count: samples)
    let bound = rate.upperBound(confidence: confidence)
    let (verdict, reasons) = isDrifting ? (.fail, []) : decide(breaches, rate, bound: bound)
    return Judgement(
      verdict: verdict, findings: findings, statistics: statistics, sampleCount: samples,
      failedSamples: failed, failureRateBound: bound, notes: reasons + notes)
  }

  /// Without a failure rate every breach fails; with one, breaches of single samples count by their
  /// number, and too few samples decide nothing.
  private func decide(
    _ breaches: [Finding], _ rate: FailureRate, bound: Double
  ) -> (Judgement.Verdict, [String]) {
    guard let failureRate else { return (breaches.isEmpty ? .pass : .fail, []) }
    if breaches.contains(where: { $0.sample == nil }) { return (.fail, []) }
    if bound <= failureRate { return (.pass, []) }
    if Double(rate.failed) > failureRate * Double(rate.count) { return (.fail, []) }
    let needed = FailureRate.sampleCount(rate: failureRate, confidence: confidence)
    return (
      .undecided,
      [
        "\(rate.count) samples are too few to tell that at most \(failureRate) of all fail: "
          + "with none failing it takes \(needed)"
      ]
    )
  }

  /// Limits that nothing was measured for: a gate must not erode unseen.
  private func idleNotes(_ measurements: [Measurement]) -> [String] {
    rules.enumerated().flatMap { index, rule in
      let limited = Set(rule.limits.worst.keys).union(rule.limits.mean.keys)
      let measured = measurements.filter { rule.applies(to: $0.subject) }
      return limited.sorted().filter { metric in
        !measured.contains { $0.values[metric] != nil }
      }.map { "rule \(index + 1) limits \($0.title), which was measured of nothing it describes" }
    }
  }

  private func expiredNotes(on day: CalendarDay) -> [String] {
    waivers.filter { $0.expires < day }.map {
      "the waiver of \($0.metric.title) for \($0.match) expired on \($0.expires): \($0.reason)"
    }
  }

  private func missingNotes(_ statistics: [Statistic], _ baseline: VerificationReport?) -> [String]
  {
    guard let baseline else { return [] }
    let known = Set(statistics.map(\.subject))
    var missing: [Subject] = []
    for statistic in baseline.judgement.statistics
    where !known.contains(statistic.subject) && !missing.contains(statistic.subject) {
      missing.append(statistic.subject)
    }
    return missing.map { "the baseline has \($0.component): \($0.label), which was not measured" }
  }
}
