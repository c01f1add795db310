import Kernels
import ModelGraph
import Synchronization
import Tensors

/// Rounds a weight to the nearest integers part by part, so that little more than the integers is in
/// memory and each part is read from memory once.
///
/// Gives what `WeightQuantizer` gives without moments. Parts are worked on by the kernels' threads.
struct PartwiseQuantizer {
  let scheme: IntegerScheme
  let range: RangeMethod
  let shape: Shape
  let layout: ScaleLayout

  /// Quantizes by `scheme`; nil where ranges depend on elements of several parts in a way that takes
  /// all of them at once.
  init?(_ scheme: IntegerScheme, _ range: RangeMethod, _ shape: Shape, _ granularity: Granularity) {
    layout = ScaleLayout(shape: shape, granularity: granularity)
    guard range == .minMax || !layout.partsShareScales else { return nil }
    self.scheme = scheme
    self.range = range
    self.shape = shape
  }

  /// An element that is no finite number, by its row-major number.
  struct NotFinite: Error {
    let index: Int
    let value: Float
  }

  /// Quantizes the elements that `read` gives as fp32; it is called from several threads.
  ///
  /// - Throws: `NotFinite` for the first such element; what `read` throws.
  func quantize(_ read: (Range<Int>) throws -> Tensor) throws -> QuantizedWeight {
    let parts = layout.parts
    let values = try Tensor(uninitialized: scheme.dtype, shape)
    nonisolated(unsafe) let target = values.mutablePointer(as: Int8.self)
    var parameters = [ScaleParameters](
      repeating: ScaleParameters(scale: 1, zeroPoint: 0), count: layout.scaleCount)
    if layout.partsShareScales { parameters = try shared(parts, read) }
    var deviations = [DeviationSum](repeating: DeviationSum(), count: parts.count)
    try parameters.withUnsafeMutableBufferPointer { parameters in
      try deviations.withUnsafeMutableBufferPointer { deviations in
        try forEach(parts, read) { number, part, source in
          if !layout.partsShareScales {
            let found = try own(part, source)
            for (index, scale) in zip(part.scales, found) { parameters[index] = scale }
          }
          deviations[number] = round(
            part, source, Array(parameters[part.scales]), into: target + part.elements.lowerBound)
        }
      }
    }
    return try result(values, parameters, deviations)
  }

  private func result(
    _ values: Tensor, _ parameters: [ScaleParameters], _ deviations: [DeviationSum]
  ) throws -> QuantizedWeight {
    var sum = DeviationSum()
    for deviation in deviations { sum.merge(deviation) }
    return QuantizedWeight(
      values: values, scale: try Tensor(parameters.map(\.scale), layout.scaleShape),
      zeroPoint: scheme.isSymmetric ? nil : try scheme.zeroPoints(parameters, layout.scaleShape),
      deviation: sum.deviation, outputShift: nil)
  }
}

extension PartwiseQuantizer {
  /// The parameters of scales that parts share, after one pass over all of them.
  private func shared(
    _ parts: [WeightPart], _ read: (Range<Int>) throws -> Tensor
  ) throws -> [ScaleParameters] {
    var ranges = [ElementRanges?](repeating: nil, count: parts.count)
    try ranges.withUnsafeMutableBufferPointer { ranges in
      try forEach(parts, read) { number, part, source in
        let found = ElementRanges(source, part.layout)
        try check(found, part, source)
        ranges[number] = found
      }
    }
    let merged = ranges.compactMap { $0 }.reduce { $0.union($1) }
    return merged.map(parameters) ?? []
  }

  /// The parameters of scales that only `part` uses.
  private func own(
    _ part: WeightPart, _ source: UnsafePointer<Float>
  ) throws -> [ScaleParameters] {
    let ranges = ElementRanges(source, part.layout)
    try check(ranges, part, source)
    guard range == .minMax else {
      return ScaleSearch(integers: scheme.integers, layout: part.layout)
        .leastError(source, importance: nil)
    }
    return parameters(ranges)
  }

  private func parameters(_ ranges: ElementRanges) -> [ScaleParameters] {
    ranges.map { scheme.integers.parameters(lowest: $0.lowest, highest: $0.highest) }
  }

  private func check(
    _ ranges: ElementRanges, _ part: WeightPart, _ source: UnsafePointer<Float>
  ) throws {
    guard !ranges.areFinite else { return }
    for index in 0..<part.elements.count where !source[index].isFinite {
      throw NotFinite(index: part.elements.lowerBound + index, value: source[index])
    }
  }

  private func round(
    _ part: WeightPart, _ source: UnsafePointer<Float>, _ parameters: [ScaleParameters],
    into target: UnsafeMutablePointer<Int8>
  ) -> DeviationSum {
    let grid = WeightGrid(
      layout: part.layout, parameters: parameters, lowest: scheme.minimum,
      highest: scheme.maximum, isClipped: range != .minMax)
    grid.round(source, into: target)
    return grid.deviationSum(source, target)
  }

  /// Runs `body` on every part, on the kernels' threads.
  ///
  /// - Throws: the error of the first part that failed.
  private func forEach(
    _ parts: [WeightPart], _ read: (Range<Int>) throws -> Tensor,
    _ body: (_ number: Int, _ part: WeightPart, _ source: UnsafePointer<Float>) throws -> Void
  ) throws {
    let failure = Mutex<(number: Int, error: any Error)?>(nil)
    Parallel.forEachIndex(count: parts.count) { number in
      do {
        let elements = try read(parts[number].elements)
        try body(number, parts[number], elements.pointer())
        withExtendedLifetime(elements) {}
      } catch {
        failure.withLock { if number < $0?.number ?? .max { $0 = (number, error) } }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }
}

extension Sequence {
  /// All elements joined by `combine`; nil where there are none.
  fileprivate func reduce(_ combine: (Element, Element) -> Element) -> Element? {
    var iterator = makeIterator()
    guard var result = iterator.next() else { return nil }
    while let next = iterator.next() { result = combine(result, next) }
    return result
  }
}
