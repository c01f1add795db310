extension TensorComparison {
  /// The comparison as metrics: PSNR, SQNR, cosine, relative L2, largest error, mismatches.
  public var metrics: [Metric: Double] {
    [
      .psnr: peakSignalToNoise,
      .sqnr: signalToNoise,
      .cosine: cosine,
      .relativeL2: relativeL2,
      .maximumError: maximumError,
      .relativeMaximumError: relativeMaximumError,
      .nonFinite: Double(nonFiniteMismatches),
    ]
  }
}
