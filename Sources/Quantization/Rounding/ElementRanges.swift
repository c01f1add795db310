import Kernels

/// The smallest and largest element under each scale.
struct ElementRanges: Sendable {
  struct Range: Sendable {
    var lowest: Float
    var highest: Float
  }

  private var ranges: [Range]

  init(_ source: UnsafePointer<Float>, _ layout: ScaleLayout) {
    ranges = [Range](
      repeating: Range(lowest: .infinity, highest: -.infinity), count: layout.scaleCount)
    ranges.withUnsafeMutableBufferPointer { ranges in
      for row in 0..<layout.rowCount {
        let start = row * layout.inner
        let first = layout.firstScale(row: row)
        if layout.isBlocked {
          for index in 0..<layout.inner {
            ranges[first + index].include(source[start + index])
          }
        } else if layout.inner > 64 {
          var range = Range(lowest: 0, highest: 0)
          range.lowest = Reduction.minimum(source + start, count: layout.inner)
          range.highest = Reduction.maximum(source + start, count: layout.inner)
          ranges[first].include(range.lowest)
          ranges[first].include(range.highest)
        } else {
          var range = ranges[first]
          for index in 0..<layout.inner { range.include(source[start + index]) }
          ranges[first] = range
        }
      }
    }
  }

  func map<Result>(_ transform: (Range) -> Result) -> [Result] { ranges.map(transform) }
}

extension ElementRanges.Range {
  @inline(__always)
  fileprivate mutating func include(_ value: Float) {
    lowest = value < lowest ? value : lowest
    highest = value > highest ? value : highest
  }
}
