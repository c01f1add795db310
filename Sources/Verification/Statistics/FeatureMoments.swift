import Tensors

/// Mean and sample covariance of feature vectors, and the Fréchet distance between two sets.
public struct FeatureMoments: Sendable {
  /// The mean of each feature.
  public let mean: [Double]
  /// The sample covariance (divided by n − 1), row-major.
  public let covariance: [Double]

  /// Moments as known; `covariance` has the square of `mean`'s number of elements.
  ///
  /// - Throws: `VerificationError.shape`.
  public init(mean: [Double], covariance: [Double]) throws(VerificationError) {
    guard covariance.count == mean.count * mean.count else {
      throw .shape(
        name: "covariance", expected: [mean.count, mean.count], found: [covariance.count])
    }
    self.mean = mean
    self.covariance = covariance
  }

  /// The moments of `features`, one vector a row, at least two rows of equal length.
  ///
  /// - Throws: `VerificationError.shape`.
  public init(_ features: [[Double]]) throws(VerificationError) {
    let size = features.first?.count ?? 0
    guard features.count >= 2, features.allSatisfy({ $0.count == size }) else {
      throw .shape(name: "features", expected: [2, size], found: [features.count, size])
    }
    var mean = [Double](repeating: 0, count: size)
    for row in features {
      for index in 0..<size { mean[index] += row[index] / Double(features.count) }
    }
    var covariance = [Double](repeating: 0, count: size * size)
    for row in features {
      let centred = zip(row, mean).map { $0 - $1 }
      for i in 0..<size {
        for j in 0..<size { covariance[i * size + j] += centred[i] * centred[j] }
      }
    }
    self.mean = mean
    self.covariance = covariance.map { $0 / Double(features.count - 1) }
  }

  /// ‖μ − μ'‖² + tr(Σ + Σ' − 2 √(ΣΣ')) (Dowson and Landau, 1982; Heusel et al., 2017).
  ///
  /// The trace of √(ΣΣ') is that of √(√Σ Σ' √Σ), which is symmetric.
  ///
  /// - Throws: `VerificationError.shape` where the numbers of features differ.
  public func frechetDistance(to other: FeatureMoments) throws(VerificationError) -> Double {
    guard mean.count == other.mean.count else {
      throw .shape(name: "features", expected: [mean.count], found: [other.mean.count])
    }
    let own = SymmetricMatrix(size: mean.count, elements: covariance)
    let others = SymmetricMatrix(size: mean.count, elements: other.covariance)
    let roots = own.squareRoot.sandwiching(others).eigen().values.map { max($0, 0).squareRoot() }
    let shift = zip(mean, other.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return shift + own.trace + others.trace - 2 * roots.reduce(0, +)
  }
}
