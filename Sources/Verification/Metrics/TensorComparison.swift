import Foundation
import Tensors

/// How far a tensor is from its reference.
///
/// With r the reference and c the candidate, elements taken as real numbers (formulas in
/// `formats/metrics.md`):
/// - `maximumError` = max |r − c|
/// - `range` = max r − min r, or max |r| where that is 0
/// - `relativeL2` = ‖r − c‖ / ‖r‖
/// - `cosine` = r · c / (‖r‖ ‖c‖)
/// - `signalToNoise` = 20 log₁₀(‖r‖ / ‖r − c‖), in dB
/// - `peakSignalToNoise` = 20 log₁₀(range √n / ‖r − c‖), in dB
///
/// Elements that are NaN or infinite in both, alike, are left out of the sums; where only one is,
/// or the infinities' signs differ, the element counts in `nonFiniteMismatches`.
public struct TensorComparison: Hashable, Sendable {
  /// How many elements were compared.
  public private(set) var elementCount = 0
  /// How many elements are NaN or infinite on one side only, or differently.
  public private(set) var nonFiniteMismatches = 0
  /// The largest absolute difference.
  public private(set) var maximumError = 0.0
  /// The position of the largest difference, or of the first mismatch, in row-major order.
  public private(set) var worstIndex = 0
  private var lowest = Double.infinity
  private var highest = -Double.infinity
  private var squaredError = 0.0
  private var squaredReference = 0.0
  private var squaredCandidate = 0.0
  private var product = 0.0
  private var finiteCount = 0

  /// A comparison of nothing yet.
  public init() {}

  /// Takes in one more pair of elements.
  @inline(__always)
  public mutating func add(reference: Double, candidate: Double) {
    defer { elementCount += 1 }
    guard reference.isFinite, candidate.isFinite else {
      let agree = reference == candidate || (reference.isNaN && candidate.isNaN)
      if !agree {
        if nonFiniteMismatches == 0 { worstIndex = elementCount }
        nonFiniteMismatches += 1
      }
      return
    }
    let difference = reference - candidate
    if abs(difference) > maximumError {
      maximumError = abs(difference)
      if nonFiniteMismatches == 0 { worstIndex = elementCount }
    }
    lowest = min(lowest, reference)
    highest = max(highest, reference)
    squaredError += difference * difference
    squaredReference += reference * reference
    squaredCandidate += candidate * candidate
    product += reference * candidate
    finiteCount += 1
  }
}

extension TensorComparison {
  /// Whether every element is the same.
  public var isExact: Bool { maximumError == 0 && nonFiniteMismatches == 0 }

  /// The reference's extent: max − min, or the largest magnitude where all are equal.
  public var range: Double {
    guard finiteCount > 0 else { return 0 }
    let extent = highest - lowest
    return extent > 0 ? extent : max(abs(lowest), abs(highest))
  }

  /// The largest difference over the reference's range; infinite where the range is 0 and something
  /// differs, or where non-finite elements disagree.
  public var relativeMaximumError: Double {
    guard nonFiniteMismatches == 0 else { return .infinity }
    return Self.ratio(maximumError, range)
  }

  /// The root of the mean of (r − c)²; infinite where non-finite elements disagree.
  public var rootMeanSquareError: Double {
    guard nonFiniteMismatches == 0 else { return .infinity }
    return finiteCount > 0 ? (squaredError / Double(finiteCount)).squareRoot() : 0
  }

  /// ‖r − c‖ / ‖r‖.
  public var relativeL2: Double {
    guard nonFiniteMismatches == 0 else { return .infinity }
    return Self.ratio(squaredError.squareRoot(), squaredReference.squareRoot())
  }

  /// The cosine of the angle between the two; 1 where both are all zeros.
  public var cosine: Double {
    guard nonFiniteMismatches == 0 else { return -1 }
    let norms = squaredReference.squareRoot() * squaredCandidate.squareRoot()
    if norms > 0 { return min(1, max(-1, product / norms)) }
    return squaredReference == squaredCandidate ? 1 : 0
  }

  /// 20 log₁₀(‖r‖ / ‖r − c‖) in dB; infinite where nothing differs.
  public var signalToNoise: Double {
    decibels(squaredReference.squareRoot())
  }

  /// 20 log₁₀(range √n / ‖r − c‖) in dB; infinite where nothing differs.
  public var peakSignalToNoise: Double {
    decibels(range * Double(finiteCount).squareRoot())
  }

  private func decibels(_ signal: Double) -> Double {
    guard nonFiniteMismatches == 0 else { return -.infinity }
    guard squaredError > 0 else { return .infinity }
    return 20 * log10(signal / squaredError.squareRoot())
  }

  private static func ratio(_ numerator: Double, _ denominator: Double) -> Double {
    if numerator == 0 { return 0 }
    return denominator > 0 ? numerator / denominator : .infinity
  }
}

extension TensorComparison {
  /// Compares tensors of one shape, whatever their numeric types.
  ///
  /// - Throws: `VerificationError.shape` where the shapes differ, `.type` for element types that
  ///   are not real numbers.
  public init(name: String, reference: Tensor, candidate: Tensor) throws {
    self.init()
    guard reference.shape == candidate.shape else {
      throw VerificationError.shape(
        name: name, expected: reference.shape, found: candidate.shape)
    }
    if reference.dtype == .float32, candidate.dtype == .float32 {
      self = Self.comparison(of: reference, candidate)
      return
    }
    let left = try RealElements(name: name, reference)
    let right = try RealElements(name: name, candidate)
    for index in 0..<reference.elementCount {
      add(reference: left[index], candidate: right[index])
    }
  }
}

extension TensorComparison {
  /// How many elements are summed by themselves: sums are the same whatever the number of threads.
  private static let partSize = 1 << 16

  /// Compares tensors of 32-bit floats of one shape, part by part at once.
  private static func comparison(of reference: Tensor, _ candidate: Tensor) -> TensorComparison {
    let count = reference.elementCount
    let parts = (count + partSize - 1) / partSize
    var results = [TensorComparison](repeating: TensorComparison(), count: parts)
    results.withUnsafeMutableBufferPointer { results in
      reference.withElements(of: Float.self) { reference in
        candidate.withElements(of: Float.self) { candidate in
          // Parts write to places of their own.
          nonisolated(unsafe) let (results, reference, candidate) = (results, reference, candidate)
          DispatchQueue.concurrentPerform(iterations: parts) { part in
            var comparison = TensorComparison()
            for index in (part * partSize)..<min((part + 1) * partSize, count) {
              comparison.add(
                reference: Double(reference[index]), candidate: Double(candidate[index]))
            }
            results[part] = comparison
          }
        }
      }
    }
    return results.reduce(into: TensorComparison()) { $0.add($1) }
  }

  /// Takes in the comparison of the elements that follow.
  private mutating func add(_ next: TensorComparison) {
    let isWorse =
      nonFiniteMismatches == 0
      && (next.nonFiniteMismatches > 0 || next.maximumError > maximumError)
    if isWorse { worstIndex = elementCount + next.worstIndex }
    elementCount += next.elementCount
    nonFiniteMismatches += next.nonFiniteMismatches
    maximumError = max(maximumError, next.maximumError)
    lowest = min(lowest, next.lowest)
    highest = max(highest, next.highest)
    squaredError += next.squaredError
    squaredReference += next.squaredReference
    squaredCandidate += next.squaredCandidate
    product += next.product
    finiteCount += next.finiteCount
  }
}
