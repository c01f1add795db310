import Foundation
import Operators
import Tensors

/// Structural similarity of images (Wang et al., 2004), and over several scales (Wang et al., 2003).
///
/// Windows are Gaussians of 11 × 11 pixels, σ 1.5, only where they lie wholly inside; for images
/// with a side below 11 the largest odd window that fits. With μ, σ², σ_xy the window's weighted
/// moments, L the reference's range, C₁ = (0.01 L)², C₂ = (0.03 L)²:
///
///     SSIM = (2 μ_x μ_y + C₁)(2 σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂))
///
/// averaged over windows, channels and images.
public enum StructuralSimilarity {
  private static let windowSize = 11
  private static let windowDeviation = 1.5
  private static let scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// SSIM of two batches of one shape `[N, C, H, W]`, −1 … 1; nil for other ranks, empty images, and
  /// where an element is not finite.
  ///
  /// - Throws: `OperatorError` for element types that are no numbers.
  public static func ssim(reference: Tensor, candidate: Tensor) throws -> Double? {
    guard let planes = try planes(reference, candidate) else { return nil }
    let terms = planes.pairs.map { Self.terms($0.0, $0.1, range: planes.range) }
    return terms.map(\.similarity).reduce(0, +) / Double(terms.count)
  }

  /// MS-SSIM over five scales, 0 … 1; nil where `ssim` is, and for images with a side below 176,
  /// whose coarsest scale no window fits.
  ///
  /// - Throws: as `ssim(reference:candidate:)`.
  public static func multiScale(reference: Tensor, candidate: Tensor) throws -> Double? {
    let leastSide = windowSize << (scaleWeights.count - 1)
    guard var planes = try planes(reference, candidate),
      let first = planes.pairs.first, min(first.0.height, first.0.width) >= leastSide
    else { return nil }
    var products = [Double](repeating: 1, count: planes.pairs.count)
    for (scale, weight) in scaleWeights.enumerated() {
      let isCoarsest = scale == scaleWeights.count - 1
      for (index, pair) in planes.pairs.enumerated() {
        let terms = terms(pair.0, pair.1, range: planes.range)
        let factor = isCoarsest ? terms.similarity : terms.contrast
        products[index] *= pow(max(factor, 0), weight)
      }
      planes.pairs = planes.pairs.map { ($0.0.halved, $0.1.halved) }
    }
    return products.reduce(0, +) / Double(products.count)
  }
}

extension StructuralSimilarity {
  /// One channel of one image.
  struct Plane {
    let height: Int
    let width: Int
    let values: [Double]

    /// Means of 2 × 2 pixels; an odd last row or column is left out.
    var halved: Plane {
      let (rows, columns) = (height / 2, width / 2)
      let means = (0..<(rows * columns)).map { index in
        let corner = index / columns * 2 * width + index % columns * 2
        return
          (values[corner] + values[corner + 1] + values[corner + width]
          + values[corner + width + 1]) / 4
      }
      return Plane(height: rows, width: columns, values: means)
    }

    /// The plane's weighted means over all windows that lie inside.
    func smoothed(_ window: [Double]) -> Plane {
      let (rows, columns) = (height - window.count + 1, width - window.count + 1)
      let across = Plane.sums(
        of: values, window, step: 1, rows: height, columns: columns, stride: width)
      let result = Plane.sums(
        of: across, window, step: columns, rows: rows, columns: columns, stride: columns)
      return Plane(height: rows, width: columns, values: result)
    }

    /// Σ window[tap] · values[row · stride + column + tap · step] for every row and column, tap by
    /// tap so that a row is added at once.
    private static func sums(
      of values: [Double], _ window: [Double], step: Int, rows: Int, columns: Int, stride: Int
    ) -> [Double] {
      var result = [Double](repeating: 0, count: rows * columns)
      result.withUnsafeMutableBufferPointer { result in
        values.withUnsafeBufferPointer { values in
          for row in 0..<rows {
            let target = UnsafeMutableBufferPointer(rebasing: result[(row * columns)...])
            for (tap, weight) in window.enumerated() {
              let source = UnsafeBufferPointer(rebasing: values[(row * stride + tap * step)...])
              for column in 0..<columns { target[column] += weight * source[column] }
            }
          }
        }
      }
      return result
    }
  }

  private static func planes(
    _ reference: Tensor, _ candidate: Tensor
  ) throws -> (pairs: [(Plane, Plane)], range: Double)? {
    guard reference.shape.rank == 4, reference.shape == candidate.shape,
      reference.elementCount > 0
    else { return nil }
    let left = try reference.converted(to: .float32).array(of: Float.self).map(Double.init)
    let right = try candidate.converted(to: .float32).array(of: Float.self).map(Double.init)
    guard (left + right).allSatisfy(\.isFinite), let low = left.min(), let high = left.max()
    else { return nil }
    let (height, width) = (reference.shape[2], reference.shape[3])
    let size = height * width
    let pairs = stride(from: 0, to: left.count, by: size).map { start in
      (
        Plane(height: height, width: width, values: Array(left[start..<(start + size)])),
        Plane(height: height, width: width, values: Array(right[start..<(start + size)]))
      )
    }
    let range = high > low ? high - low : max(abs(high), 1)
    return (pairs, range)
  }

  /// The mean similarity of two planes, and its factor of contrast and structure alone.
  private static func terms(
    _ x: Plane, _ y: Plane, range: Double
  ) -> (similarity: Double, contrast: Double) {
    let window = window(for: min(x.height, x.width))
    let (c1, c2) = (0.0001 * range * range, 0.0009 * range * range)
    let (meanX, meanY) = (x.smoothed(window), y.smoothed(window))
    let squareX = product(x, x).smoothed(window)
    let squareY = product(y, y).smoothed(window)
    let mixed = product(x, y).smoothed(window)
    var (similarity, contrast) = (0.0, 0.0)
    for index in mixed.values.indices {
      let (mx, my) = (meanX.values[index], meanY.values[index])
      let variances = squareX.values[index] - mx * mx + squareY.values[index] - my * my
      let structure = (2 * (mixed.values[index] - mx * my) + c2) / (variances + c2)
      contrast += structure
      similarity += structure * (2 * mx * my + c1) / (mx * mx + my * my + c1)
    }
    let count = Double(mixed.values.count)
    return (similarity / count, contrast / count)
  }

  private static func product(_ a: Plane, _ b: Plane) -> Plane {
    Plane(height: a.height, width: a.width, values: zip(a.values, b.values).map(*))
  }

  /// A Gaussian of at most `side` taps that sum to 1.
  private static func window(for side: Int) -> [Double] {
    let size = side >= windowSize ? windowSize : side - (side + 1) % 2
    let weights = (0..<size).map { index in
      let distance = Double(index - size / 2) / windowDeviation
      return exp(-distance * distance / 2)
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
