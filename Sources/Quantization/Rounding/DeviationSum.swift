import Kernels

/// Sums up how far values are from the originals.
struct DeviationSum: Sendable {
  private var maximum: Float = 0
  private var squaredError = 0.0
  private var squaredNorm = 0.0
  private var underflowCount = 0
  var saturatedCount = 0

  @inline(__always)
  mutating func add(_ original: Float, _ stored: Float) {
    let difference = abs(original - stored)
    maximum = max(maximum, difference)
    squaredError += Double(difference) * Double(difference)
    squaredNorm += Double(original) * Double(original)
    if stored == 0, original != 0 { underflowCount += 1 }
  }

  /// Adds what a kernel summed up.
  mutating func merge(_ other: QuantizationDeviation) {
    maximum = max(maximum, other.largest)
    squaredError += other.squaredError
    squaredNorm += other.squaredNorm
    underflowCount += other.underflowCount
  }

  /// Adds what was summed up elsewhere.
  mutating func merge(_ other: DeviationSum) {
    maximum = max(maximum, other.maximum)
    squaredError += other.squaredError
    squaredNorm += other.squaredNorm
    underflowCount += other.underflowCount
    saturatedCount += other.saturatedCount
  }

  var deviation: WeightDeviation {
    WeightDeviation(
      maximumError: Double(maximum),
      relativeL2: squaredNorm > 0 ? (squaredError / squaredNorm).squareRoot() : 0,
      underflowCount: underflowCount, saturatedCount: saturatedCount)
  }
}
