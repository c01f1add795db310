import Foundation

/// A loss over the iterations as an SVG picture: the losses as points, their running mean as a line,
/// on a logarithmic scale.
struct LossCurve {
  private let losses: [Float]
  private static let size = (width: 800.0, height: 400.0, margin: 48.0)

  /// A curve of `losses` in order.
  init(_ losses: [Float]) { self.losses = losses }

  /// The picture.
  var svg: String {
    let (width, height) = (Self.size.width, Self.size.height)
    let points = losses.enumerated().filter { $0.element > 0 }.map { place($0.offset, $0.element) }
    let line = means.enumerated().filter { $0.element > 0 }.map { place($0.offset, $0.element) }
    let dots = points.map { #"<circle cx="\#(text($0.x))" cy="\#(text($0.y))" r="1"/>"# }.joined()
    let path = line.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
    return #"""
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Int(width)) \#(Int(height))">
      <rect width="100%" height="100%" fill="white"/>
      <g fill="#9ab">\#(dots)</g>
      <polyline fill="none" stroke="#035" stroke-width="2" points="\#(path)"/>
      <g font-family="sans-serif" font-size="12">
      <text x="4" y="\#(Int(Self.size.margin))">\#(range.upperBound)</text>
      <text x="4" y="\#(Int(height - Self.size.margin))">\#(range.lowerBound)</text>
      <text x="\#(Int(width / 2))" y="\#(Int(height - 12))">loss over \#(losses.count) iterations</text>
      </g>
      </svg>

      """#
  }

  private var range: ClosedRange<Float> {
    let positive = losses.filter { $0 > 0 && $0.isFinite }
    guard let low = positive.min(), let high = positive.max() else { return 1...1 }
    return low...high
  }

  /// The mean over the last 25 iterations, for each.
  private var means: [Float] {
    losses.indices.map { index in
      let window = losses[max(0, index - 24)...index]
      return window.reduce(0, +) / Float(window.count)
    }
  }

  private func place(_ index: Int, _ loss: Float) -> (x: Double, y: Double) {
    let (low, high) = (log(Double(range.lowerBound)), log(Double(range.upperBound)))
    let margin = Self.size.margin
    let across = Double(index) / Double(max(1, losses.count - 1))
    let up = high > low ? (log(Double(loss)) - low) / (high - low) : 0.5
    return (
      margin + across * (Self.size.width - 2 * margin),
      Self.size.height - margin - up * (Self.size.height - 2 * margin)
    )
  }

  private func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
