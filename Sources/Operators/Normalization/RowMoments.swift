import Tensors

/// Mean and population variance of elements, summed in Double.
struct RowMoments {
  let mean: Double
  let variance: Double

  /// Reads `count` elements that follow one another; both are NaN where there are none.
  init<Real: RealElement>(_ elements: UnsafePointer<Real>, count: Int) {
    self.init(count: count) { elements[$0] }
  }

  /// Reads `count` elements by number.
  init<Real: RealElement>(count: Int, _ element: (Int) -> Real) {
    var sum = 0.0
    for index in 0..<count { sum += Double(element(index)) }
    let mean = sum / Double(count)
    var squares = 0.0
    for index in 0..<count {
      let difference = Double(element(index)) - mean
      squares += difference * difference
    }
    self.mean = mean
    variance = squares / Double(count)
  }

  /// 1 / √(variance + epsilon).
  func inverseDeviation(_ epsilon: Float) -> Double {
    1 / (variance + Double(epsilon)).squareRoot()
  }
}
