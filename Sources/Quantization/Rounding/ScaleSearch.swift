import Kernels
import Tensors

/// Chooses the scales of a weight.
struct ScaleSearch {
  let integers: IntegerRange
  let layout: ScaleLayout

  /// The parameters of every scale, so that the whole range of its elements is covered.
  func covering(_ source: UnsafePointer<Float>) -> [ScaleParameters] {
    ElementRanges(source, layout).map { range in
      integers.parameters(lowest: range.lowest, highest: range.highest)
    }
  }

  /// The parameters with the least Σ importance · (w − ŵ)² under each scale, among ranges shrunk to
  /// 1, 0.98, … 0.5 of the whole; the widest of equal ones.
  ///
  /// - Parameter importance: a factor for each element; nil for ones.
  func leastError(
    _ source: UnsafePointer<Float>, importance: UnsafePointer<Float>?
  ) -> [ScaleParameters] {
    let ranges = ElementRanges(source, layout).map { $0 }
    var parameters = [ScaleParameters](
      repeating: ScaleParameters(scale: 1, zeroPoint: 0), count: ranges.count)
    parameters.withUnsafeMutableBufferPointer { parameters in
      Parallel.forEach(count: ranges.count, grain: 1) { scales in
        var elements: [Float] = []
        var factors: [Float] = []
        for scale in scales {
          gather(source, scale, into: &elements)
          if let importance { gather(importance, scale, into: &factors) }
          parameters[scale] = best(ranges[scale], elements, importance == nil ? nil : factors)
        }
      }
    }
    return parameters
  }

  private func best(
    _ range: ElementRanges.Range, _ elements: [Float], _ factors: [Float]?
  ) -> ScaleParameters {
    var best = integers.parameters(lowest: range.lowest, highest: range.highest)
    var least = Double.infinity
    for step in 0...25 {
      let share = 1 - 0.02 * Float(step)
      let candidate = integers.parameters(
        lowest: range.lowest * share, highest: range.highest * share)
      let error = error(elements, factors, candidate)
      if error < least {
        least = error
        best = candidate
      }
    }
    return best
  }

  private func error(
    _ elements: [Float], _ factors: [Float]?, _ parameters: ScaleParameters
  ) -> Double {
    elements.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return 0 }
      func sum(_ factors: UnsafePointer<Float>?) -> Double {
        LinearQuantization.squaredError(
          base, importance: factors, count: elements.count, scale: parameters.scale,
          zeroPoint: Int32(parameters.zeroPoint),
          bounds: Int32(integers.lowest)...Int32(integers.highest))
      }
      guard let factors else { return sum(nil) }
      return factors.withUnsafeBufferPointer { sum($0.baseAddress) }
    }
  }

  /// The elements under scale `scale`, in order.
  private func gather(
    _ source: UnsafePointer<Float>, _ scale: Int, into elements: inout [Float]
  ) {
    elements.removeAll(keepingCapacity: true)
    for run in layout.runs(of: scale) {
      for index in 0..<run.count { elements.append(source[run.start + index * run.stride]) }
    }
  }
}

extension ScaleLayout {
  /// Elements at equal distances.
  struct Run {
    let start: Int
    let count: Int
    let stride: Int
  }

  /// The elements that use scale number `scale`.
  func runs(of scale: Int) -> [Run] {
    guard isBlocked else {
      return (0..<outer).map { Run(start: ($0 * extent + scale) * inner, count: inner, stride: 1) }
    }
    let blocks = (extent + groupSize - 1) / groupSize
    let (block, position) = scale.quotientAndRemainder(dividingBy: inner)
    let first = block % blocks * groupSize
    return [
      Run(
        start: (block / blocks * extent + first) * inner + position,
        count: min(groupSize, extent - first), stride: inner)
    ]
  }

  /// The number of the scale that the element at `offset` uses.
  func scale(at offset: Int) -> Int {
    let (row, position) = offset.quotientAndRemainder(dividingBy: max(inner, 1))
    return firstScale(row: row) + (isBlocked ? position : 0)
  }
}
