/// How GridSample finds and weighs the elements around a point.
struct GridSampling: Sendable {
  enum Mode: String, CaseIterable, Sendable {
    case linear, nearest, cubic
  }

  enum Padding: String, CaseIterable, Sendable {
    case zeros, border, reflection
  }

  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  /// An element along one axis and its weight.
  typealias Tap<Real> = (index: Int, weight: Real)

  /// The elements along an axis of `extent` elements that make up the value at `coordinate`, which
  /// runs from −1 to 1; those that count as 0 are left out.
  func taps<Real: RealElement>(_ coordinate: Real, extent: Int) -> [Tap<Real>] {
    let limit = Real(1 << 30)
    let low: Real = alignsCorners ? 0 : -0.5
    let high = alignsCorners ? Real(extent - 1) : Real(extent) - 0.5
    var x =
      alignsCorners
      ? (coordinate + 1) / 2 * Real(extent - 1) : ((coordinate + 1) * Real(extent) - 1) / 2
    x = x.isNaN ? -limit : max(-limit, min(limit, x))
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    if x < low || x > high {
      switch padding {
      case .zeros: break
      case .border: x = max(0, min(Real(extent - 1), x))
      case .reflection: x = Self.reflected(x, low, high)
      }
    }
    let base = mode == .nearest ? Int(x) : Int(x.rounded(.down))
    let fraction = x - Real(base)
    let own: [Tap<Real>] =
      switch mode {
      case .nearest: [(base, 1)]
      case .linear: [(base, 1 - fraction), (base + 1, fraction)]
      case .cubic:
        (-1...2).map {
          (base + $0, Real(CubicKernel(a: -0.75)(Double(fraction) - Double($0))))
        }
      }
    return own.compactMap { tap in
      element(tap.index, extent, low, high).map { ($0, tap.weight) }
    }
  }

  /// The element that stands for index `index`; nil for one that counts as 0.
  private func element<Real: RealElement>(
    _ index: Int, _ extent: Int, _ low: Real, _ high: Real
  ) -> Int? {
    if (0..<extent).contains(index) { return index }
    switch padding {
    case .zeros: return nil
    case .border: return max(0, min(extent - 1, index))
    case .reflection:
      return max(0, min(extent - 1, Int(Self.reflected(Real(index), low, high))))
    }
  }

  /// `x` mirrored at the borders until it lies between them.
  private static func reflected<Real: RealElement>(_ x: Real, _ low: Real, _ high: Real) -> Real {
    let range = high - low
    guard range > 0 else { return low }
    guard x < low || x > high else { return x }
    let distance = x < low ? low - x : x - high
    let turns = (distance / range).rounded(.towardZero)
    let rest = distance - turns * range
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return (x < low) == isEven ? low + rest : high - rest
  }

  /// The sum over all combinations of one tap an axis.
  static func mix<Real: RealElement>(
    _ plane: UnsafePointer<Real>, _ extents: [Int], _ taps: [[Tap<Real>]], axis: Int = 0,
    offset: Int = 0
  ) -> Real {
    guard axis < extents.count else { return plane[offset] }
    var sum: Real = 0
    for tap in taps[axis] {
      sum +=
        tap.weight
        * mix(plane, extents, taps, axis: axis + 1, offset: offset * extents[axis] + tap.index)
    }
    return sum
  }
}
