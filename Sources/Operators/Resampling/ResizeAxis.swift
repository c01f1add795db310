/// How one axis is resampled: for each position of the result, which elements it is made of.
struct ResizeAxis: Sendable {
  /// The axis's number.
  let axis: Int
  /// The extent before.
  let input: Int
  /// The extent after.
  let output: Int
  /// How many elements each result is made of.
  let tapCount: Int
  /// For each result and tap, the element.
  let indices: [Int]
  /// For each result and tap, the weight.
  let weights: [Double]
  /// For each result, whether it lies outside the region that may be sampled.
  let isOutside: [Bool]

  /// Whether the axis stays as it is.
  var isIdentity: Bool {
    input == output && tapCount == 1 && indices == Array(0..<output) && !isOutside.contains(true)
  }
}

/// The attributes of Resize that say how an axis is resampled.
struct ResizeRules: Sendable {
  enum Mode: String, CaseIterable, Sendable {
    case nearest, linear, cubic
  }

  let mode: Mode
  let coordinates: ResizeCoordinates
  let rounding: NearestRounding
  let cubic: CubicKernel
  let antialiases: Bool
  let excludesOutside: Bool

  /// The resampling of axis `axis` from `input` to `output` elements.
  func axis(
    _ axis: Int, input: Int, output: Int, scale: Double, region: (start: Float, end: Float)
  ) -> ResizeAxis {
    var first = 0
    var count = 1
    let stretch = antialiases ? min(scale, 1) : 1
    if output > 0, mode != .nearest {
      first = Int((-(mode == .linear ? 1.0 : 2.0) / stretch).rounded(.down)) + 1
      count = 2 - 2 * first
    }
    var indices: [Int] = []
    var weights: [Double] = []
    var isOutside: [Bool] = []
    for position in 0..<output {
      let exact = coordinates.original(
        position, input: input, output: output, scale: scale, region: region)
      isOutside.append(
        coordinates == .cropAndResize && !(exact >= 0 && exact <= Double(input - 1)))
      let x = max(-Self.limit, min(Self.limit, exact))
      guard mode != .nearest else {
        indices.append(max(0, min(input - 1, Int(rounding(x)))))
        weights.append(1)
        continue
      }
      var base = Int(x.rounded(.down))
      // The element to the left of a whole coordinate counts as its lower neighbour.
      if Double(base) == x { base -= 1 }
      let own = normalized(
        (first..<(first + count)).map { weight((Double(base + $0) - x) * stretch) },
        base: base + first, input: input)
      weights += own
      indices += (0..<count).map { max(0, min(input - 1, base + first + $0)) }
    }
    return ResizeAxis(
      axis: axis, input: input, output: output, tapCount: count, indices: indices,
      weights: weights, isOutside: isOutside)
  }

  /// Coordinates are held within this distance, far beyond any extent.
  private static let limit = 1e15

  private func weight(_ distance: Double) -> Double {
    mode == .linear ? max(0, 1 - distance.magnitude) : cubic(distance)
  }

  private func normalized(_ weights: [Double], base: Int, input: Int) -> [Double] {
    var weights = weights
    if antialiases { weights = Self.summingToOne(weights) }
    guard excludesOutside else { return weights }
    for index in weights.indices where base + index < 0 || base + index >= input {
      weights[index] = 0
    }
    return Self.summingToOne(weights)
  }

  private static func summingToOne(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return sum == 0 ? weights : weights.map { $0 / sum }
  }
}
