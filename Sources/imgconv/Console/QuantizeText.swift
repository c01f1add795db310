import FileIO
import ImgconvKit
import Quantization
import Tensors

/// The account of a quantization, in words.
enum QuantizeText {
  /// The tables of tensors, of activations and of the budget's choice, totals, what was written.
  static func text(_ report: QuantizeReport) -> String {
    let isQuantizing = report.activations.contains { $0.scheme != .none }
    return [
      tensors(report), isQuantizing ? activations(report.activations) : nil,
      report.budget.map(frontier), totals(report),
    ].compactMap { $0 }.joined(separator: "\n\n")
  }

  /// A row for each layer.
  private static func activations(_ decisions: [ActivationDecision]) -> String {
    var table = TextTable([
      ("layer", .left), ("activation", .left), ("to", .left), ("scale", .right),
      ("zero point", .right), ("why kept", .left),
    ])
    for decision in decisions {
      let scales = decision.parameters.map { Quantities.significant(Double($0.scale), 4) }
      table.add([
        decision.layer.escapedForDisplay(limit: 60), decision.value.escapedForDisplay(limit: 40),
        "\(decision.scheme)", scales.joined(separator: " "),
        decision.parameters.map { "\($0.zeroPoint)" }.joined(separator: " "),
        decision.scheme == .none ? decision.reason : "",
      ])
    }
    return table.text
  }

  /// A row for each choice that was considered.
  private static func frontier(_ report: BudgetReport) -> String {
    var table = TextTable([
      ("layers in fp16", .right), ("size", .right), ("of fp32", .right),
      ("expected PSNR", .right), ("measured PSNR", .right), ("", .left),
    ])
    for point in report.frontier {
      table.add([
        "\(point.keptCount) of \(report.layers.count)", Quantities.bytes(point.byteCount),
        Quantities.percent(point.byteCount, of: report.originalByteCount),
        "\(Quantities.significant(point.expectedPSNR, 4)) dB",
        point.measuredPSNR.map { "\(Quantities.significant($0, 4)) dB" } ?? "",
        point.isChosen ? "chosen" : "",
      ])
    }
    return table.text
  }

  /// A row for each tensor.
  private static func tensors(_ report: QuantizeReport) -> String {
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
    return table.text
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

  /// One layer's activation.
  struct ActivationEntry: Encodable {
    let component: String
    let layer: String
    let weight: String
    let value: String
    let scheme: String
    let reason: String
    let scales: [Float]
    let zeroPoints: [Int]
  }

  /// One choice that a budget considered.
  struct FrontierEntry: Encodable {
    let keptLayers: Int
    let bytes: Int
    let expectedPSNR: Double
    let measuredPSNR: Double?
    let chosen: Bool
  }

  let tensors: [Entry]
  let activations: [ActivationEntry]
  let frontier: [FrontierEntry]?
  let recipe: String
  let artifact: ArtifactDocument?

  init(_ report: QuantizeReport) {
    artifact = report.artifact.map(ArtifactDocument.init)
    recipe = report.recipe.yaml()
    activations = report.activations.map {
      ActivationEntry(
        component: $0.component, layer: $0.layer, weight: $0.weight, value: $0.value,
        scheme: "\($0.scheme)", reason: $0.reason, scales: $0.parameters.map(\.scale),
        zeroPoints: $0.parameters.map(\.zeroPoint))
    }
    frontier = report.budget?.frontier.map {
      FrontierEntry(
        keptLayers: $0.keptCount, bytes: $0.byteCount, expectedPSNR: $0.expectedPSNR,
        measuredPSNR: $0.measuredPSNR, chosen: $0.isChosen)
    }
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
