import Foundation

/// A line through values, as an SVG image that takes its colours from the page.
struct LineChart {
  /// A named line; a value that is not finite leaves a gap.
  struct Line {
    let name: String
    let values: [Double]
  }

  /// What the chart shows.
  let title: String
  /// What a value is, with its unit.
  let valueTitle: String
  /// What runs from left to right.
  let positionTitle: String
  /// The lines, which have a value for each position.
  let lines: [Line]
  /// Whether values are drawn by their decimal logarithm.
  let isLogarithmic: Bool

  private static let width = 720.0
  private static let height = 260.0
  private static let left = 64.0
  private static let right = 12.0
  private static let top = 12.0
  private static let bottom = 40.0
  private static let tickCount = 5

  /// The image; empty where no value is finite.
  var svg: String {
    let drawn = lines.map { $0.values.map(transformed) }
    let finite = drawn.joined().filter(\.isFinite)
    guard let lowest = finite.min(), let highest = finite.max() else { return "" }
    let span = highest > lowest ? (lowest, highest) : (lowest - 1, highest + 1)
    let count = lines.map(\.values.count).max() ?? 0
    let paths = zip(drawn, lines.indices).map { path($0, line: $1, span, count) }.joined()
    return """
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="\(title)"><g class="axis">\(ticks(span))</g>\(paths)\
      <text x="\(Int(Self.left))" y="\(Int(Self.height) - 8)">\(positionTitle)</text>\
      <text class="value" transform="translate(14 \(Int(Self.height) / 2)) rotate(-90)" \
      text-anchor="middle">\(valueTitle)</text></svg>
      """
  }

  private func transformed(_ value: Double) -> Double {
    guard isLogarithmic else { return value }
    // Zero has no logarithm; an exact layer is drawn at the smallest relative error that shows.
    return log10(max(value, 1e-9))
  }

  private func y(_ value: Double, _ span: (low: Double, high: Double)) -> Double {
    let share = (value - span.low) / (span.high - span.low)
    return Self.height - Self.bottom - share * (Self.height - Self.bottom - Self.top)
  }

  private func x(_ index: Int, _ count: Int) -> Double {
    let share = count > 1 ? Double(index) / Double(count - 1) : 0.5
    return Self.left + share * (Self.width - Self.left - Self.right)
  }

  private func path(
    _ values: [Double], line: Int, _ span: (Double, Double), _ count: Int
  ) -> String {
    var commands = ""
    var dots = ""
    var isDrawing = false
    for (index, value) in values.enumerated() {
      guard value.isFinite else {
        isDrawing = false
        continue
      }
      let point = String(format: "%.1f %.1f", x(index, count), y(value, span))
      commands += (isDrawing ? "L" : "M") + point
      isDrawing = true
      if values.count <= 60 {
        let parts = point.split(separator: " ")
        dots += "<circle cx=\"\(parts[0])\" cy=\"\(parts[1])\" r=\"3\"/>"
      }
    }
    return "<g class=\"line\(line % 4)\"><path d=\"\(commands)\"/>\(dots)</g>"
  }

  private func ticks(_ span: (low: Double, high: Double)) -> String {
    (0..<Self.tickCount).map { tick in
      let value = span.low + (span.high - span.low) * Double(tick) / Double(Self.tickCount - 1)
      let height = String(format: "%.1f", y(value, span))
      let label =
        isLogarithmic ? String(format: "%.0e", pow(10, value)) : String(format: "%.1f", value)
      return
        "<line x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width - Self.right))\" y1=\"\(height)\" "
        + "y2=\"\(height)\"/><text x=\"\(Int(Self.left) - 6)\" y=\"\(height)\" "
        + "text-anchor=\"end\" dominant-baseline=\"middle\">\(label)</text>"
    }.joined()
  }
}
