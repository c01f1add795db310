extension Limits {
  /// The limits that apply where the user sets none: they follow from the coarsest type among the
  /// candidate's weights that the reference does not have. Evidence: `formats/metrics.md`.
  ///
  /// Layers are measured to find where a model drifts, not judged by limits; sets of images are
  /// judged where the user asks, since every metric network has a scale of its own.
  public static func standard(for precision: Precision, depth: Subject.Depth) -> Limits {
    switch depth {
    case .cumulative, .isolated, .distribution: return Limits()
    case .trajectory: return trajectory(for: precision)
    case .outputs, .weights: break
    }
    return switch precision {
    case .exact: Limits(worst: [.psnr: 100])
    case .float16: Limits(worst: [.psnr: 55, .cosine: 0.9999])
    case .bfloat16: Limits(worst: [.psnr: 38, .cosine: 0.999])
    case .int8: Limits(worst: [.psnr: 30, .cosine: 0.99])
    case .int4: Limits(worst: [.psnr: 20, .cosine: 0.95])
    }
  }

  /// A predicted noise's error counts many times in the first step's estimate, and errors add up.
  private static func trajectory(for precision: Precision) -> Limits {
    switch precision {
    case .exact: Limits(worst: [.psnr: 80])
    case .float16: Limits(worst: [.psnr: 40, .cosine: 0.999])
    case .bfloat16: Limits(worst: [.psnr: 25, .cosine: 0.98])
    case .int8: Limits(worst: [.psnr: 24, .cosine: 0.97])
    case .int4: Limits(worst: [.psnr: 8, .cosine: 0.7])
    }
  }
}
