import Tensors

/// The metrics of outputs that are images: SSIM, MS-SSIM, histogram distance.
enum ImageMetrics {
  /// The metrics of two batches of images of one shape `[N, C, H, W]`, C 1 or 3; none for others,
  /// and without those that are not defined for their size or their values.
  ///
  /// - Throws: `OperatorError` for element types that are no numbers.
  static func values(reference: Tensor, candidate: Tensor) throws -> [Metric: Double] {
    guard reference.shape.rank == 4, reference.shape == candidate.shape,
      reference.dtype.isFloatingPoint
    else { return [:] }
    var values: [Metric: Double] = [:]
    values[.ssim] = try StructuralSimilarity.ssim(reference: reference, candidate: candidate)
    values[.msSSIM] = try StructuralSimilarity.multiScale(
      reference: reference, candidate: candidate)
    values[.histogramDistance] = try HistogramDistance.distance(
      reference: reference, candidate: candidate)
    return values
  }
}
