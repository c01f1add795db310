import Tensors

/// A run of a weight's elements that is quantized at a time.
struct WeightPart: Sendable {
  /// The elements, in row-major order.
  let elements: Range<Int>
  /// The scales that they use.
  let scales: Range<Int>
  /// Which of those scales each of them uses.
  let layout: ScaleLayout
}

extension ScaleLayout {
  /// How many elements a part aims at: fp32 elements and their integers then stay in a core's cache.
  static let partSize = 1 << 17

  /// Whether several parts use the same scales, which are known only after all elements were seen.
  var partsShareScales: Bool { !isBlocked && (outer > 1 || scaleCount == 1) }

  /// The tensor cut into parts of about `partSize` elements, none of them inside a run that shares a
  /// scale unless `partsShareScales`.
  var parts: [WeightPart] {
    if !isBlocked, scaleCount == 1 { return partsOfOneScale }
    if outer > 1 { return partsOfOuter }
    return partsAlongAxis
  }

  private var partsOfOneScale: [WeightPart] {
    let count = outer * extent * inner
    return stride(from: 0, to: count, by: Self.partSize).map { start in
      let elements = start..<min(start + Self.partSize, count)
      return WeightPart(
        elements: elements, scales: 0..<1, layout: cut(outer: 1, extent: 1, inner: elements.count))
    }
  }

  private var partsOfOuter: [WeightPart] {
    let size = extent * inner
    let scalesEach = isBlocked ? scaleCount / outer : 0
    return Self.ranges(of: outer, by: max(1, Self.partSize / max(size, 1))).map { range in
      WeightPart(
        elements: range.lowerBound * size..<range.upperBound * size,
        scales: isBlocked
          ? range.lowerBound * scalesEach..<range.upperBound * scalesEach : 0..<scaleCount,
        layout: cut(outer: range.count, extent: extent, inner: inner))
    }
  }

  private var partsAlongAxis: [WeightPart] {
    let runs = max(1, Self.partSize / max(groupSize * inner, 1))
    return Self.ranges(of: extent, by: runs * groupSize).map { range in
      let first = firstScale(row: range.lowerBound)
      let layout = cut(outer: 1, extent: range.count, inner: inner)
      return WeightPart(
        elements: range.lowerBound * inner..<range.upperBound * inner,
        scales: first..<first + layout.scaleCount, layout: layout)
    }
  }

  private static func ranges(of count: Int, by size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// The layout of a part with these extents.
  private func cut(outer: Int, extent: Int, inner: Int) -> ScaleLayout {
    let groups = (extent + groupSize - 1) / groupSize
    let scaleShape: Shape =
      isBlocked ? [outer, groups, inner] : scaleCount == 1 ? .scalar : [extent]
    return ScaleLayout(
      outer: outer, extent: extent, inner: inner, groupSize: groupSize, isBlocked: isBlocked,
      scaleShape: scaleShape)
  }
}
