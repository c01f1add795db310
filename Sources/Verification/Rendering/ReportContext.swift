import FileIO
import Foundation

/// A report as the values that templates are filled with.
struct ReportContext {
  private static let worstCount = 10
  private let report: VerificationReport

  init(_ report: VerificationReport) { self.report = report }

  /// The values by name; texts are escaped for display, and by the template for its format.
  func values(for format: ReportFormat) -> [String: Any] {
    let judgement = report.judgement
    let isMarkdown = format == .markdown
    return [
      "verdict": judgement.verdict.rawValue.uppercased(),
      "verdictClass": judgement.verdict.rawValue,
      "mark": judgement.passed ? "✅" : judgement.verdict == .fail ? "❌" : "⚠️",
      "verdictText": ReportText.verdict(report),
      "tool": report.tool,
      "candidate": artifact(report.candidate),
      "reference": artifact(report.reference),
      "settings": settings,
      "breaches": ReportText.breaches(of: judgement).map { subject, text in
        ["place": Self.shown("\(subject.component): \(subject.label)"), "text": text]
      },
      "waived": judgement.findings.compactMap(ReportText.waived),
      "notes": judgement.notes.map(\.escapedForDisplay),
      "drift": ReportText.faults(of: report).map { ["text": $0] },
      "faults": faults,
      "recipe": recipe,
      "sections": sections(for: format).map { section($0, isMarkdown: isMarkdown) },
      "totalCount": sections(for: format).reduce(faults.count) { $0 + $1.rows.count },
      "failureCount": Set(judgement.breaches.map(\.subject)).count + faults.count,
      "hasImages": !report.images.isEmpty,
      "hasWorst": !worstSamples.isEmpty,
      "images": format == .html ? report.images.map(image) : [],
      "charts": format == .html ? ReportCharts.charts(of: report) : [],
      "worst": worstSamples,
      "rules": rules,
    ]
  }

  private static func shown(_ name: String) -> String { name.escapedForDisplay(limit: 160) }

  private func artifact(_ artifact: ComparedArtifact) -> [String: Any] {
    [
      "name": Self.shown(artifact.name), "digest": artifact.digest,
      "shortDigest": String(artifact.digest.prefix(12)),
      "size": Quantities.bytes(Int(clamping: artifact.byteCount)),
      "history": artifact.history.map { $0.escapedForDisplay(limit: 400) },
    ]
  }

  private var settings: String {
    let settings = report.settings
    var parts =
      settings.inputs.isEmpty
      ? ["\(settings.count) samples from seed \(settings.seed)"]
      : ["inputs of " + settings.inputs.map(Self.shown).joined(separator: ", ")]
    if !settings.trajectorySteps.isEmpty {
      let steps = settings.trajectorySteps.map(String.init).joined(separator: ", ")
      parts.append("trajectories of \(steps) steps")
    }
    if let shard = report.shard { parts.append("part \(shard)") }
    return parts.joined(separator: "; ")
  }

  /// The tables to show: continuous integration wants what is judged.
  private func sections(for format: ReportFormat) -> [ReportSection] {
    report.sections.filter { section in
      format != .junit || !section.limits.isEmpty || section.rows.contains { !$0.passed }
    }
  }

  /// What fails the candidate beside its limits: a layer, the sampler, too few samples.
  private var faults: [[String: Any]] {
    let isUndecided = report.judgement.verdict == .undecided
    var faults = report.policy.failsOnDrift ? ReportText.faults(of: report) : []
    if isUndecided { faults.append(ReportText.verdict(report)) }
    return faults.map { ["text": $0] }
  }

  private func section(_ section: ReportSection, isMarkdown: Bool) -> [String: Any] {
    let place = [section.component, section.graph].compactMap { $0 }.joined(separator: ", graph ")
    let texts = Dictionary(
      ReportText.breaches(of: report.judgement).map { ($0.subject, $0.text) },
      uniquingKeysWith: { first, _ in first })
    let table = ReportTable(section)
    return [
      "title": "\(Self.shown(place)): \(ReportText.title(section.depth))",
      "precision": "\(section.precision)", "gate": ReportText.gate(section),
      "isLong": section.rows.count > 40, "count": section.rows.count,
      "failures": section.rows.count { !$0.passed },
      "columns": table.columns.map { ["title": $0.title, "rule": $0.isText ? "---" : "---:"] },
      "rows": zip(section.rows, table.rows).map { row, cells in
        [
          "name": Self.shown(row.subject.label), "class": row.passed ? "pass" : "fail",
          "cells": isMarkdown ? cells.map { $0.replacingOccurrences(of: "|", with: "\\|") } : cells,
          "failure": texts[row.subject].map { [["text": $0]] } ?? [],
        ] as [String: Any]
      },
    ]
  }

  /// The rules that would keep what fails: of the bisection, else of the layer that drifts.
  private var recipe: [[String: Any]] {
    if let bisection = report.bisection {
      return [
        [
          "title": ReportText.text(bisection),
          "line": bisection.recipeLines.joined(separator: "\n"),
        ]
      ]
    }
    return report.drift?.recipeLine.map { [["title": "A rule that keeps the layer:", "line": $0]] }
      ?? []
  }

  private func image(_ pair: ImagePair) -> [String: Any] {
    [
      "label": Self.shown(pair.subject.label), "sample": pair.sample,
      "psnr": Quantities.decibels(pair.psnr),
      "reference": pair.reference.base64EncodedString(),
      "candidate": pair.candidate.base64EncodedString(),
      "difference": pair.difference.base64EncodedString(),
      "white": "\(Quantities.significant(100 * pair.largestDifference, 2))%",
    ]
  }

  /// The samples with the lowest PSNR of what is judged, with their seeds.
  private var worstSamples: [[String: Any]] {
    let judged = report.measurements.filter {
      [.outputs, .trajectory].contains($0.subject.depth) && $0.values[.psnr] != nil
    }
    let ranked = judged.enumerated().sorted {
      let (a, b) = ($0.element.values[.psnr] ?? 0, $1.element.values[.psnr] ?? 0)
      return a == b ? $0.offset < $1.offset : a < b
    }
    return ranked.prefix(Self.worstCount).map { _, measurement in
      let drawn = report.settings.inputs.isEmpty
      return [
        "sample": measurement.sample,
        "seed": drawn ? "\(report.settings.seed &+ UInt64(measurement.sample))" : "given",
        "subject": Self.shown(measurement.subject.label),
        "psnr": Quantities.decibels(measurement.values[.psnr] ?? .nan),
      ]
    }
  }

  private var rules: [String] {
    let policy = report.policy
    var lines = policy.rules.map { rule in
      let conditions = [
        rule.match.map { "name \($0)" }, rule.component.map { "component \($0)" },
        rule.depth.map { "\($0.rawValue)" }, rule.steps.map { "of \($0) steps" },
        rule.step.map { "step \($0)" },
      ].compactMap { $0 }
      return (conditions.isEmpty ? "everything" : conditions.joined(separator: ", "))
        .escapedForDisplay(limit: 200) + ": \(ReportText.text(rule.limits))"
    }
    if policy.usesDefaults { lines.append("defaults by precision") }
    if let rate = policy.failureRate {
      lines.append(
        "at most \(Quantities.significant(100 * rate, 3))% of samples may fail, "
          + "\(Quantities.significant(100 * policy.confidence, 3))% confidence")
    }
    return lines
  }
}
