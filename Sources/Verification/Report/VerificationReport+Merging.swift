extension VerificationReport {
  /// One report out of the parts of a sharded verification: the report that a single run over all
  /// samples would give, but for the baseline, which is looked at here.
  ///
  /// - Parameters:
  ///   - parts: the reports with their files' names, in any order.
  ///   - baseline: an earlier report that the means must not fall behind.
  ///   - day: the day on which waivers are looked at.
  /// - Throws: `VerificationError.cannotMerge` where parts are missing, given twice, or of
  ///   verifications that differ in models, settings or policy.
  public static func merging(
    _ parts: [(file: String, report: VerificationReport)],
    baseline: VerificationReport? = nil, on day: CalendarDay
  ) throws(VerificationError) -> VerificationReport {
    let sorted = try inOrder(parts)
    guard let first = sorted.first?.report else { throw .nothingToCompare }
    for part in sorted.dropFirst() { try part.report.requireSame(as: first, file: part.file) }
    let reports = sorted.map(\.report)
    let measurements = reports.flatMap(\.measurements)
    let failing = first.policy.judge(measurements, precisions: first.precisions, on: day)
      .breaches.compactMap(\.sample).min()
    // A single run looks for a layer on sample 0 and on the first sample that fails, no other.
    let drift = reports.compactMap(\.drift).min { $0.sample < $1.sample }
      .flatMap { $0.sample <= failing ?? 0 ? $0 : nil }
    return try VerificationReport(
      tool: first.tool, candidate: first.candidate, reference: first.reference,
      settings: first.settings, precisions: first.precisions, policy: first.policy,
      measurements: measurements, drift: drift,
      samplerDrift: reports.lazy.compactMap(\.samplerDrift).first,
      distributions: try merging(reports.compactMap(\.distributions)),
      images: reports.flatMap(\.images), baseline: baseline, day: day)
  }

  /// What metric networks saw in all parts; every part saw images of the same subjects.
  private static func merging(
    _ parts: [[FeatureDistribution]]
  ) throws(VerificationError) -> [FeatureDistribution] {
    var merged = parts.first ?? []
    for part in parts.dropFirst() {
      for distribution in part {
        guard let index = merged.firstIndex(where: { $0.subject == distribution.subject }) else {
          merged.append(distribution)
          continue
        }
        try merged[index].add(distribution)
      }
    }
    return merged
  }

  private static func inOrder(
    _ parts: [(file: String, report: VerificationReport)]
  ) throws(VerificationError) -> [(file: String, report: VerificationReport)] {
    var sorted: [(file: String, report: VerificationReport)] = []
    for part in parts {
      guard let shard = part.report.shard else {
        throw .cannotMerge(file: part.file, reason: "it is a whole report, no part of one")
      }
      if let twin = sorted.first(where: { $0.report.shard == shard }) {
        throw .cannotMerge(file: part.file, reason: "\(twin.file) is part \(shard) too")
      }
      sorted.append(part)
    }
    sorted.sort { ($0.report.shard?.index ?? 0) < ($1.report.shard?.index ?? 0) }
    let count = sorted.first?.report.shard?.count ?? 0
    let found = Set(sorted.compactMap(\.report.shard?.index))
    let missing = (1...max(count, 1)).filter { !found.contains($0) }
    if let file = sorted.first?.file, !missing.isEmpty {
      let list = missing.prefix(8).map { "\($0)/\(count)" }.joined(separator: ", ")
      throw .cannotMerge(file: file, reason: "parts are missing: \(list)")
    }
    return sorted
  }

  private func requireSame(
    as first: VerificationReport, file: String
  ) throws(VerificationError) {
    let differing: [(String, Bool)] = [
      ("tool", tool != first.tool), ("candidate", candidate != first.candidate),
      ("reference", reference != first.reference), ("settings", settings != first.settings),
      ("policy", policy != first.policy), ("number of parts", shard?.count != first.shard?.count),
      ("precisions", precisions != first.precisions),
    ]
    if let (name, _) = differing.first(where: \.1) {
      throw .cannotMerge(file: file, reason: "its \(name) differs from the first part's")
    }
  }
}
