import FileIO
import ImgconvKit
import Quantization
import Tensors

/// The account of a quantization, in words.
enum QuantizeText {
  /// A row for each tensor, totals, and what was written.
  static func table(_ report: QuantizeReport) -> String {
    var table = TextTable([
      ("tensor", .left), ("shape", .left), ("from", .left), ("to", .left), ("before", .right),
      ("after", .right), ("rel. L2 error", .right), ("why", .left),
    ])
    for account in report.accounts {
      let tensor = account.decision.tensor
      table.add([
        tensor.name.escapedForDisplay(limit: 60), "\(tensor.shape)", tensor.dtype.name,
        "\(account.decision.scheme)", Quantities.bytes(account.bytesBefore),
        Quantities.bytes(account.bytesAfter),
        account.decision.scheme == .keep
          ? "–" : Quantities.significant(account.deviation.relativeL2, 3),
        account.decision.reason + remarks(account),
      ])
    }
    return table.text + "\n\n" + totals(report)
  }

  /// What a floating-point type lost; that small weights round to zero is usual for integers.
  private static func remarks(_ account: TensorAccount) -> String {
    guard case .float = account.decision.scheme else { return "" }
    let deviation = account.deviation
    var remarks = ""
    if deviation.underflowCount > 0 { remarks += "; \(deviation.underflowCount) became zero" }
    if deviation.saturatedCount > 0 { remarks += "; \(deviation.saturatedCount) saturated" }
    return remarks
  }

  private static func totals(_ report: QuantizeReport) -> String {
    let kept = report.accounts.count { $0.decision.scheme == .keep }
    let before = report.accounts.reduce(0) { $0 + $1.bytesBefore }
    let after = report.accounts.reduce(0) { $0 + $1.bytesAfter }
    let line =
      "\(report.accounts.count) tensors: \(report.accounts.count - kept) converted, \(kept) kept; "
      + "\(Quantities.bytes(before)) before, \(Quantities.bytes(after)) after "
      + "(\(Quantities.percent(after, of: before)))"
    return [line, report.artifact.map(ArtifactText.summary)].compactMap { $0 }
      .joined(separator: "\n")
  }
}

/// The account of a quantization as JSON.
struct QuantizeDocument: Encodable {
  /// One tensor.
  struct Entry: Encodable {
    let component: String
    let tensor: String
    let shape: [Int]
    let from: String
    let scheme: String
    let reason: String
    let bytesBefore: Int
    let bytesAfter: Int
    let maximumError: Double
    let relativeL2Error: Double
    let underflowCount: Int
    let saturatedCount: Int
  }

  let tensors: [Entry]
  let artifact: ArtifactDocument?

  init(_ report: QuantizeReport) {
    artifact = report.artifact.map(ArtifactDocument.init)
    tensors = report.accounts.map {
      Entry(
        component: $0.decision.component, tensor: $0.decision.tensor.name,
        shape: $0.decision.tensor.shape.dimensions, from: $0.decision.tensor.dtype.name,
        scheme: "\($0.decision.scheme)", reason: $0.decision.reason,
        bytesBefore: $0.bytesBefore, bytesAfter: $0.bytesAfter,
        maximumError: $0.deviation.maximumError, relativeL2Error: $0.deviation.relativeL2,
        underflowCount: $0.deviation.underflowCount,
        saturatedCount: $0.deviation.saturatedCount)
    }
  }
}
