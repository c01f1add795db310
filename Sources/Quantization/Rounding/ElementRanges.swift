import Kernels

/// The smallest and largest element under each scale.
struct ElementRanges: Sendable {
  struct Range: Sendable {
    var lowest: Float
    var highest: Float
  }

  private let lowest: [Float]
  private let highest: [Float]

  /// The ranges of elements, of which there are some under each scale.
  init(_ source: UnsafePointer<Float>, _ layout: ScaleLayout) {
    lowest = Self.extremes(.minimum, source, layout)
    highest = Self.extremes(.maximum, source, layout)
  }

  private init(lowest: [Float], highest: [Float]) {
    self.lowest = lowest
    self.highest = highest
  }

  /// The ranges that cover those of both, scale by scale.
  func union(_ other: ElementRanges) -> ElementRanges {
    ElementRanges(
      lowest: zip(lowest, other.lowest).map(min), highest: zip(highest, other.highest).map(max))
  }

  /// Whether all elements are finite: NaN shows in both bounds, an infinity in one.
  var areFinite: Bool { lowest.allSatisfy(\.isFinite) && highest.allSatisfy(\.isFinite) }

  func map<Result>(_ transform: (Range) -> Result) -> [Result] {
    zip(lowest, highest).map { transform(Range(lowest: $0, highest: $1)) }
  }

  private static func extremes(
    _ reduction: Reduction, _ source: UnsafePointer<Float>, _ layout: ScaleLayout
  ) -> [Float] {
    guard layout.isBlocked else {
      // Single elements lie beside those of other scales.
      guard layout.inner > 1 || layout.outer == 1 else {
        return reduced(reduction, source, outer: 1, axis: layout.outer, inner: layout.extent)
      }
      let rows = reduced(
        reduction, source, outer: layout.rowCount, axis: layout.inner, inner: 1)
      guard layout.outer > 1 else { return rows }
      return reduced(reduction, rows, outer: 1, axis: layout.outer, inner: layout.extent)
    }
    let blocks = (layout.extent + layout.groupSize - 1) / layout.groupSize
    if layout.extent == blocks * layout.groupSize {
      return reduced(
        reduction, source, outer: layout.outer * blocks, axis: layout.groupSize,
        inner: layout.inner)
    }
    return (0..<layout.outer * blocks).flatMap { block in
      let first = block % blocks * layout.groupSize
      let start = (block / blocks * layout.extent + first) * layout.inner
      return reduced(
        reduction, source + start, outer: 1,
        axis: min(layout.groupSize, layout.extent - first), inner: layout.inner)
    }
  }

  private static func reduced(
    _ reduction: Reduction, _ source: UnsafePointer<Float>, outer: Int, axis: Int, inner: Int
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: outer * inner) { buffer, count in
      if let target = buffer.baseAddress {
        reduction.apply(source, outer: outer, axis: axis, inner: inner, target)
      }
      count = outer * inner
    }
  }
}
