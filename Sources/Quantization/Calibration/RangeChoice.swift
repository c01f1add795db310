import Foundation

/// Chooses the range of a histogram's values by a method (`formats/quantization.md`).
struct RangeChoice {
  let histogram: ValueHistogram
  let integers: IntegerRange

  /// The parameters of the chosen range.
  func parameters(_ method: RangeMethod) -> ScaleParameters {
    let range = range(method)
    return integers.parameters(lowest: range.lowest, highest: range.highest)
  }

  private typealias Bounds = (lowest: Float, highest: Float)

  private func range(_ method: RangeMethod) -> Bounds {
    guard histogram.lowest <= histogram.highest else { return (0, 0) }
    switch method {
    case .minMax: return (histogram.lowest, histogram.highest)
    case .percentile(let share): return percentile(share)
    case .entropy: return shrunk(candidates(128)) { divergence($0) }
    case .meanSquare: return shrunk(candidates(100)) { squaredError($0) }
    }
  }

  /// The candidates with the least cost; the widest of equal ones.
  private func shrunk(_ candidates: [Bounds], _ cost: (Bounds) -> Double) -> Bounds {
    var best = (cost: Double.infinity, bounds: candidates[0])
    for bounds in candidates {
      let cost = cost(bounds)
      if cost < best.cost { best = (cost, bounds) }
    }
    return best.bounds
  }

  /// The full range shrunk to 1, …, 0.2 of itself, both ends alike.
  private func candidates(_ count: Int) -> [Bounds] {
    (0..<count).map { index in
      let share = 1 - 0.8 * Float(index) / Float(count)
      return (histogram.lowest * share, histogram.highest * share)
    }
  }
}

extension RangeChoice {
  private func percentile(_ share: Double) -> Bounds {
    let total = Double(histogram.total)
    let isOneSided = histogram.lowest >= 0 || histogram.highest <= 0
    let outside = total * (1 - share / 100) / (isOneSided ? 1 : 2)
    let low = edge(outside, histogram.counts.indices.map { $0 }, below: true)
    let high = edge(outside, histogram.counts.indices.reversed(), below: false)
    return (
      histogram.lowest >= 0 ? 0 : max(histogram.lowest, low),
      histogram.highest <= 0 ? 0 : min(histogram.highest, high)
    )
  }

  /// The outer edge of the first bin that brings the count past `outside`.
  private func edge(_ outside: Double, _ order: [Int], below: Bool) -> Float {
    var seen = 0.0
    for index in order {
      seen += Double(histogram.counts[index])
      if seen > outside {
        return histogram.center(index) + (below ? -0.5 : 0.5) * histogram.binWidth
      }
    }
    return 0
  }

  /// The mean squared error of the bins' middles; within a bin values count as one.
  private func squaredError(_ bounds: Bounds) -> Double {
    let parameters = integers.parameters(lowest: bounds.lowest, highest: bounds.highest)
    let low = Float(integers.lowest - parameters.zeroPoint)
    let high = Float(integers.highest - parameters.zeroPoint)
    var sum = 0.0
    for (index, count) in histogram.counts.enumerated() where count > 0 {
      let value = histogram.center(index)
      let integer = min(max((value / parameters.scale).rounded(.toNearestOrEven), low), high)
      let error = Double(value - integer * parameters.scale)
      // What a step that holds less than a bin would round within the bin is beyond resolution.
      sum += Double(count) * error * error
    }
    return sum
  }

  /// D(P ‖ Q): P the counts with those outside moved to the ends, Q the counts of each step spread
  /// over its occupied bins (Migacz, "8-bit Inference with TensorRT", GTC 2017).
  private func divergence(_ bounds: Bounds) -> Double {
    let parameters = integers.parameters(lowest: bounds.lowest, highest: bounds.highest)
    let low = integers.lowest - parameters.zeroPoint
    let stepCount = integers.highest - integers.lowest + 1
    var clipped = [Double](repeating: 0, count: histogram.counts.count)
    var stepMass = [Double](repeating: 0, count: stepCount)
    var stepBins = [Double](repeating: 0, count: stepCount)
    var steps = [Int](repeating: -1, count: histogram.counts.count)
    let ends = (bin(bounds.lowest), bin(bounds.highest))
    for (index, count) in histogram.counts.enumerated() where count > 0 {
      let target = min(max(index, ends.0), ends.1)
      clipped[target] += Double(count)
      guard target == index else { continue }
      let quotient = (histogram.center(index) / parameters.scale).rounded(.toNearestOrEven)
      let step = min(max(Int(quotient) - low, 0), stepCount - 1)
      steps[index] = step
      stepMass[step] += Double(count)
      stepBins[step] += 1
    }
    let total = clipped.reduce(0, +)
    let inside = stepMass.reduce(0, +)
    guard total > 0, inside > 0 else { return .infinity }
    var sum = 0.0
    for (index, mass) in clipped.enumerated() where mass > 0 {
      let p = mass / total
      let step = steps[index]
      let q = step < 0 ? 0 : stepMass[step] / stepBins[step] / inside
      sum += p * log(p / max(q, 1e-12))
    }
    return sum
  }

  private func bin(_ value: Float) -> Int {
    let place = (value + histogram.limit) / histogram.binWidth
    return min(max(Int(place), 0), histogram.counts.count - 1)
  }
}
