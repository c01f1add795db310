import FileIO
import Foundation
import ModelGraph
import Tensors

/// Chooses which layers stay in fp16 so that a budget is kept.
///
/// The error of each layer, quantized alone, is measured on a few samples. Layers are then ordered
/// by what keeping them saves in error for each byte it costs (for a share of layers: by error
/// alone), and the shortest beginning of that order that keeps the budget is chosen: predicted by
/// the sum of errors, and for a bound on PSNR measured with all samples by bisection.
struct BudgetPlanner {
  /// How many samples sensitivities are measured on.
  static let sampleLimit = 4
  /// What the measured PSNR must exceed the bound by, in dB, beside twice its standard error.
  static let margin = 0.3

  let budget: Budget
  let calibration: CalibrationProvider
  let cache: SensitivityCache?
  let progress: @Sendable (String) -> Void

  /// The choice: for each component, the weights that stay in fp16.
  struct Choice {
    let schemes: [[ByteString: WeightScheme]]
    let report: BudgetReport
    let budget: String
  }

  /// - Throws: `QuantizationError.budget` where nothing keeps it, `.noCalibrationData`; what running
  ///   the graphs throws.
  func choose(_ plans: [ComponentQuantization]) throws -> Choice {
    var candidates: [Candidate] = []
    var targets: [BudgetTarget] = []
    for (index, plan) in plans.enumerated() where !plan.quantizedLayers.isEmpty {
      let target = try BudgetTarget(plan, calibration)
      candidates += try measure(plan, target, component: index)
      targets.append(target)
    }
    let ordered = candidates.sorted(by: isMoreWorthKeeping)
    let original = plans.reduce(0) { $0 + $1.originalByteCount }
    let search = BudgetSearch(
      candidates: ordered, baseByteCount: plans.reduce(0) { $0 + $1.quantizedByteCount },
      originalByteCount: original)
    let count = try kept(search, plans, targets)
    return Choice(
      schemes: schemes(ordered.prefix(count), plans.count),
      report: search.report(chosen: count), budget: "\(budget)")
  }

  private func schemes(
    _ kept: ArraySlice<Candidate>, _ count: Int
  ) -> [[ByteString: WeightScheme]] {
    var schemes = [[ByteString: WeightScheme]](repeating: [:], count: count)
    for candidate in kept {
      schemes[candidate.component][candidate.weight] = .float(.float16)
    }
    return schemes
  }

  private func isMoreWorthKeeping(_ left: Candidate, _ right: Candidate) -> Bool {
    if case .layers = budget {
      return (right.error, left.weight) < (left.error, right.weight)
    }
    return (right.gain, left.weight) < (left.gain, right.weight)
  }

  /// How many of the candidates stay in fp16.
  private func kept(
    _ search: BudgetSearch, _ plans: [ComponentQuantization], _ targets: [BudgetTarget]
  ) throws -> Int {
    func measured(_ count: Int) throws -> (mean: Double, safe: Double) {
      let schemes = schemes(search.candidates.prefix(count), plans.count)
      let errors = try targets.flatMap { target in
        progress("measuring \(count) layers in fp16")
        return try target.errors(plans, schemes)
      }
      let mean = OutputError.meanPSNR(errors)
      search.note(mean, at: count)
      return (mean, mean - Self.margin - 2 * OutputError.standardError(errors))
    }
    switch budget {
    case .layers(let share):
      let count = Int((share * Double(search.candidates.count)).rounded(.down))
      _ = try measured(count)
      return count
    case .size(let share):
      let limit = Int(share * Double(search.originalByteCount))
      guard let count = search.largestCount(within: limit) else {
        throw QuantizationError.budget(
          wanted: "\(budget)", best: "\(search.percent(search.byteCount(0)))")
      }
      _ = try measured(count)
      return count
    case .psnr(let bound):
      var (low, high) = (0, search.candidates.count)
      guard try measured(0).safe < bound else { return 0 }
      let best = try measured(high)
      guard best.safe >= bound else {
        throw QuantizationError.budget(
          wanted: "\(budget)",
          best: String(format: "%.2f dB with every layer in fp16", best.mean))
      }
      while high - low > 1 {
        let middle = (low + high) / 2
        if try measured(middle).safe >= bound { high = middle } else { low = middle }
      }
      return high
    }
  }

  private func measure(
    _ plan: ComponentQuantization, _ target: BudgetTarget, component: Int
  ) throws -> [Candidate] {
    let weights = plan.quantizedLayers
    return try weights.enumerated().map { index, weight in
      progress("sensitivity of layer \(index + 1) of \(weights.count)")
      let name = "\(plan.component.label)/\(weight.text)"
      let error: Double
      if let known = cache?.error(of: name) {
        error = known
      } else {
        error = try target.error(ofAlone: weight, plan, samples: Self.sampleLimit)
        try cache?.record(error, of: name)
      }
      let sizes = plan.sizes(of: weight)
      return Candidate(
        component: component, weight: weight, error: error,
        quantizedByteCount: sizes.quantized, keptByteCount: sizes.kept)
    }
  }
}

extension OutputError {
  /// The standard error of the mean PSNR of `errors`, in dB.
  static func standardError(_ errors: [Double]) -> Double {
    guard errors.count > 1 else { return 0 }
    let mean = meanPSNR(errors)
    let squares = errors.reduce(0.0) { sum, error in
      let difference = meanPSNR([error]) - mean
      return sum + difference * difference
    }
    return (squares / Double(errors.count - 1) / Double(errors.count)).squareRoot()
  }
}

/// A layer that could stay in fp16.
struct Candidate {
  let component: Int
  let weight: ByteString
  let error: Double
  let quantizedByteCount: Int
  let keptByteCount: Int

  /// The error that a byte more avoids.
  var gain: Double { error / Double(max(1, keptByteCount - quantizedByteCount)) }
}
