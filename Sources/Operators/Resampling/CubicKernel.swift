/// The cubic convolution kernel of Keys 1981 with coefficient a.
struct CubicKernel: Sendable {
  let a: Double

  /// The weight at `distance` from the sampling point.
  func callAsFunction(_ distance: Double) -> Double {
    let x = distance.magnitude
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}
