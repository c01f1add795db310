import FileIO
import ImgconvKit
import Verification

/// The verdict of a verification, in words.
enum VerifyText {
  /// A table of outputs for each component, the limits broken, and the verdict.
  static func summary(_ report: VerificationReport) -> String {
    var parts = report.components.map(section)
    let failures = report.components.flatMap { component in
      component.outputs.filter { !$0.passed }.map { failure(component, $0) }
    }
    parts += failures
    let outputs = report.components.reduce(0) { $0 + $1.outputs.count }
    parts.append(
      report.passed
        ? "PASS: \(outputs) of \(outputs) compared are within their limits"
        : "FAIL: \(failures.count) of \(outputs) compared are beyond a limit")
    return parts.joined(separator: "\n")
  }

  private static func section(_ component: ComponentReport) -> String {
    let place = [component.component, component.graph?.escapedForDisplay(limit: 60)]
      .compactMap { $0 }.joined(separator: ", graph ")
    let title =
      "\(place): \(component.depth == .outputs ? "outputs" : "weights, tensor by tensor"); "
      + "weights \(component.precision); gate \(limits(component.gate))"
    var table = TextTable([
      ("name", .left), ("samples", .right), ("PSNR", .right), ("rel. L2", .right),
      ("cosine", .right), ("max abs error", .right), ("verdict", .left),
    ])
    for output in component.outputs {
      let worst = output.worst
      table.add([
        output.name.escapedForDisplay(limit: 60), "\(output.samples.count)",
        Quantities.decibels(worst.peakSignalToNoise),
        Quantities.significant(worst.relativeL2, 3),
        String(describing: (worst.cosine * 1e6).rounded() / 1e6),
        Quantities.significant(worst.maximumError, 3), output.passed ? "pass" : "FAIL",
      ])
    }
    return title + "\n" + table.text
  }

  private static func limits(_ gate: Gate) -> String {
    let texts = [
      gate.minimumPSNR.map { "PSNR >= \(Quantities.decibels($0))" },
      gate.maximumRelativeL2.map { "rel. L2 <= \(Quantities.significant($0, 3))" },
      gate.minimumCosine.map { "cosine >= \($0)" },
    ].compactMap { $0 }
    return texts.isEmpty ? "none" : texts.joined(separator: ", ")
  }

  private static func failure(_ component: ComponentReport, _ output: OutputReport) -> String {
    let reasons = output.violations.prefix(4).map { sample, violation in
      "sample \(sample): " + describe(violation)
    }
    let more = output.violations.count - reasons.count
    return "\(component.component): \(output.name.escapedForDisplay(limit: 100)): "
      + reasons.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
  }

  private static func describe(_ violation: GateViolation) -> String {
    switch violation.metric {
    case .psnr:
      "PSNR \(Quantities.decibels(violation.found)) is "
        + "\(Quantities.decibels(violation.limit - violation.found)) below the limit of "
        + Quantities.decibels(violation.limit)
    case .relativeL2:
      "relative L2 distance \(Quantities.significant(violation.found, 4)) is above the limit of "
        + Quantities.significant(violation.limit, 4)
    case .cosine:
      "cosine \(violation.found) is below the limit of \(violation.limit)"
    case .nonFinite:
      "\(Int(violation.found)) elements are NaN or infinite on one side only"
    }
  }
}

/// The verdict of a verification as JSON.
struct VerifyDocument: Encodable {
  struct Limits: Encodable {
    let minimumPSNR: Double?
    let maximumRelativeL2: Double?
    let minimumCosine: Double?
  }

  struct Sample: Encodable {
    let psnr: Double
    let sqnr: Double
    let relativeL2: Double
    let cosine: Double
    let maximumAbsoluteError: Double
    let nonFiniteMismatches: Int
  }

  struct Violation: Encodable {
    let sample: Int
    let metric: String
    let limit: Double
    let found: Double
  }

  struct Output: Encodable {
    let name: String
    let samples: [Sample]
    let violations: [Violation]
    let passed: Bool
  }

  struct Entry: Encodable {
    let component: String
    let graph: String?
    let compared: String
    let weights: String
    let gate: Limits
    let outputs: [Output]
    let passed: Bool
  }

  let version = 1
  let tool = "imgconv \(VersionReport.version)"
  let components: [Entry]
  let passed: Bool

  init(_ report: VerificationReport) {
    passed = report.passed
    components = report.components.map(Entry.init)
  }
}

extension VerifyDocument.Entry {
  fileprivate init(_ report: ComponentReport) {
    self.init(
      component: report.component, graph: report.graph, compared: report.depth.rawValue,
      weights: "\(report.precision)",
      gate: VerifyDocument.Limits(
        minimumPSNR: report.gate.minimumPSNR, maximumRelativeL2: report.gate.maximumRelativeL2,
        minimumCosine: report.gate.minimumCosine),
      outputs: report.outputs.map(VerifyDocument.Output.init), passed: report.passed)
  }
}

extension VerifyDocument.Output {
  fileprivate init(_ report: OutputReport) {
    self.init(
      name: report.name,
      samples: report.samples.map {
        VerifyDocument.Sample(
          psnr: $0.peakSignalToNoise, sqnr: $0.signalToNoise, relativeL2: $0.relativeL2,
          cosine: $0.cosine, maximumAbsoluteError: $0.maximumError,
          nonFiniteMismatches: $0.nonFiniteMismatches)
      },
      violations: report.violations.map {
        VerifyDocument.Violation(
          sample: $0.sample, metric: $0.violation.metric.rawValue, limit: $0.violation.limit,
          found: $0.violation.found)
      }, passed: report.passed)
  }
}
