import Foundation

/// The Box–Muller transform as PyTorch computes it (`aten/src/ATen/native/cpu`,
/// `DistributionTemplates.h`).
enum BoxMuller {
  private static let twoPi = Float(2 * Double.pi)

  /// Sixteen uniform numbers of 0 ..< 1 from `start` on into normal ones: number j and number j + 8
  /// make a pair.
  static func transform(_ values: inout [Float], at start: Int) {
    for index in start..<(start + 8) {
      let radius = (-2 * CephesFunctions.log(1 - values[index])).squareRoot()
      let (sine, cosine) = CephesFunctions.sineAndCosine(twoPi * values[index + 8])
      values[index] = radius * cosine
      values[index + 8] = radius * sine
    }
  }

  /// Two uniform numbers of 0 ..< 1 into two normal ones, in double precision.
  static func pair(angle: Double, radius: Double) -> (Double, Double) {
    let length = (-2 * log1p(-radius)).squareRoot()
    let theta = 2 * Double.pi * angle
    return (length * cos(theta), length * sin(theta))
  }
}
