import CImgKernels

/// The factor by which errors of rounded columns are made up for in later ones.
///
/// With H the second moments of a product's inputs and H = R Rᵀ, R upper triangular, rounding column k of
/// w_k + Σ_{j<k} (w_j − ŵ_j) R_jk / R_kk minimises tr((w − ŵ) H (w − ŵ)ᵀ) greedily, column after column (LDLQ of Chee
/// et al., arXiv 2307.13304, equation 2; the same integers as GPTQ, Frantar et al., arXiv 2210.17323, in another form
/// that needs no inverse).
public struct FeedbackFactor: Sendable {
  /// How many columns there are.
  public let count: Int
  /// `[count, count]`, below the diagonal.
  let coefficients: [Float]

  /// Factors `moments` `[count, count]`, symmetric, whose content is lost; nil where it is not positive definite.
  public init?(moments: inout [Double], count: Int) {
    precondition(moments.count == count * count)
    let isFactored = moments.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { imgk_upper_factor($0, count) == 1 } ?? true
    }
    guard isFactored else { return nil }
    self.count = count
    var coefficients = [Float](repeating: 0, count: count * count)
    moments.withUnsafeBufferPointer { factor in
      coefficients.withUnsafeMutableBufferPointer { target in
        if let from = factor.baseAddress, let to = target.baseAddress {
          imgk_feedback_coefficients(from, count, to)
        }
      }
    }
    self.coefficients = coefficients
  }
}

/// Rounds rows of weights column after column with error feedback.
public struct FeedbackRounding {
  /// The factor of the columns' second moments.
  public let factor: FeedbackFactor
  /// The group of scales that each column uses.
  public let columnGroups: [UInt32]
  /// The integers allowed.
  public let bounds: ClosedRange<Int32>

  /// Rounding with `columnGroups`, one for each column of the factor.
  public init(factor: FeedbackFactor, columnGroups: [UInt32], bounds: ClosedRange<Int32>) {
    precondition(columnGroups.count == factor.count)
    self.factor = factor
    self.columnGroups = columnGroups
    self.bounds = bounds
  }

  /// Rounds `weights` `[rows, columns]` with `scales` and `zeroPoints` `[rows, groups]` into `target`
  /// `[rows, columns]`. The bits depend neither on the instruction set nor on the number of threads.
  ///
  /// Throws `KernelError.outOfMemory`.
  public func round(
    _ weights: [Float], rows: Int, scales: [Float], zeroPoints: [Int32],
    into target: inout [Int8]
  ) throws(KernelError) {
    let groups = Int(columnGroups.max() ?? 0) + 1
    precondition(weights.count == rows * factor.count && target.count == weights.count)
    precondition(scales.count == rows * groups && zeroPoints.count == scales.count)
    let isDone = weights.withUnsafeBufferPointer { weights in
      factor.coefficients.withUnsafeBufferPointer { coefficients in
        columnGroups.withUnsafeBufferPointer { columnGroups in
          scales.withUnsafeBufferPointer { scales in
            zeroPoints.withUnsafeBufferPointer { zeroPoints in
              target.withUnsafeMutableBufferPointer { target in
                var feedback = imgk_feedback()
                (feedback.rows, feedback.columns) = (rows, factor.count)
                feedback.weights = weights.baseAddress
                feedback.coefficients = coefficients.baseAddress
                feedback.column_groups = columnGroups.baseAddress
                feedback.groups = groups
                feedback.scales = scales.baseAddress
                feedback.zeros = zeroPoints.baseAddress
                (feedback.low, feedback.high) = (bounds.lowerBound, bounds.upperBound)
                return imgk_round_with_feedback(&feedback, target.baseAddress) == 1
              }
            }
          }
        }
      }
    }
    guard isDone else {
      throw .outOfMemory(kernel: "FeedbackRounding", byteCount: factor.count * 64)
    }
  }
}
