import Kernels
import Tensors

/// How often values of a tensor fall where, in bounded memory.
///
/// Bins of equal width cover −limit … limit. A value beyond doubles the limit until it fits and
/// merges neighbouring bins, so that counts stay exact: a bin's edges after growing are edges from
/// before. NaN and infinities are left out of the counts.
public struct ValueHistogram: Sendable {
  /// How many bins there are.
  public static let binCount = 4096

  /// The counts, from −limit up.
  public private(set) var counts = [UInt64](repeating: 0, count: binCount)
  /// The bins cover −limit … limit; a power of two, or 0 before the first value.
  public private(set) var limit: Float = 0
  /// The smallest value seen; +∞ for none.
  public private(set) var lowest = Float.infinity
  /// The largest value seen; −∞ for none.
  public private(set) var highest = -Float.infinity

  /// A histogram of nothing.
  public init() {}
}

extension ValueHistogram {
  /// The values counted.
  public var total: UInt64 { counts.reduce(0, +) }

  /// A bin's width.
  public var binWidth: Float { 2 * limit / Float(Self.binCount) }

  /// The value at the middle of bin `index`.
  public func center(_ index: Int) -> Float { -limit + (Float(index) + 0.5) * binWidth }

  /// Takes in the elements of an fp32 tensor.
  public mutating func add(_ tensor: Tensor) {
    guard tensor.dtype == .float32, tensor.elementCount > 0 else { return }
    tensor.withElements(of: Float.self) { values in
      guard let base = values.baseAddress else { return }
      let range = finiteRange(base, values.count)
      guard range.lowest <= range.highest else { return }
      lowest = min(lowest, range.lowest)
      highest = max(highest, range.highest)
      grow(toHold: max(abs(lowest), abs(highest)))
      ValueBins.count(base, count: values.count, limit: limit, into: &counts)
    }
  }

  private func finiteRange(
    _ base: UnsafePointer<Float>, _ count: Int
  ) -> (lowest: Float, highest: Float) {
    let lowest = Reduction.minimum(base, count: count)
    let highest = Reduction.maximum(base, count: count)
    if lowest.isFinite, highest.isFinite { return (lowest, highest) }
    var range = (lowest: Float.infinity, highest: -Float.infinity)
    for index in 0..<count where base[index].isFinite {
      range = (min(range.lowest, base[index]), max(range.highest, base[index]))
    }
    return range
  }

  /// Doubles the limit until `magnitude` lies within.
  private mutating func grow(toHold magnitude: Float) {
    if limit == 0 {
      let exponent = magnitude > 0 ? magnitude.exponent + 1 : -20
      limit = Float(sign: .plus, exponent: min(max(exponent, -100), 127), significand: 1)
    }
    while limit < magnitude, limit.exponent < 127 {
      limit *= 2
      var merged = [UInt64](repeating: 0, count: Self.binCount)
      let middle = Self.binCount / 2
      for index in counts.indices { merged[((index - middle) >> 1) + middle] += counts[index] }
      counts = merged
    }
  }

  /// Adds the counts of `other`.
  public mutating func merge(_ other: ValueHistogram) {
    guard other.limit > 0 else { return }
    var other = other
    lowest = min(lowest, other.lowest)
    highest = max(highest, other.highest)
    grow(toHold: max(other.limit, limit))
    other.grow(toHold: limit)
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}
