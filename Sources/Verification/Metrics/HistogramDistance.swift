import Operators
import Tensors

/// How far the values of two tensors are distributed differently, wherever they stand.
public enum HistogramDistance {
  private static let binCount = 64

  /// ½ Σ |p − q| over 64 equal bins of the reference's range, 0 … 1; values beyond the range count in
  /// the outermost bins. Nil where there is no finite element on one side.
  ///
  /// - Throws: `OperatorError` for element types that are no numbers.
  public static func distance(reference: Tensor, candidate: Tensor) throws -> Double? {
    let left = try reference.converted(to: .float32).array(of: Float.self).filter(\.isFinite)
    let right = try candidate.converted(to: .float32).array(of: Float.self).filter(\.isFinite)
    guard let low = left.min(), let high = left.max(), !right.isEmpty else { return nil }
    let (p, q) = (shares(left, low, high), shares(right, low, high))
    return zip(p, q).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  private static func shares(_ values: [Float], _ low: Float, _ high: Float) -> [Double] {
    var counts = [Double](repeating: 0, count: binCount)
    let scale = high > low ? Float(binCount) / (high - low) : 0
    for value in values {
      let bin = min(max((value - low) * scale, 0), Float(binCount - 1))
      counts[Int(bin)] += 1 / Double(values.count)
    }
    return counts
  }
}
