/// A measure of how far a candidate is from its reference; formulas and sources are in
/// `formats/metrics.md`.
public enum Metric: String, CaseIterable, Codable, Hashable, Sendable {
  /// Peak signal-to-noise ratio in dB.
  case psnr
  /// Structural similarity, −1 … 1.
  case ssim
  /// Multi-scale structural similarity, 0 … 1.
  case msSSIM = "ms-ssim"
  /// Signal-to-quantization-noise ratio in dB.
  case sqnr
  /// Cosine of the angle between the two, −1 … 1.
  case cosine
  /// ‖r − c‖ / ‖r‖.
  case relativeL2 = "rel-l2"
  /// The largest absolute difference.
  case maximumError = "max-abs"
  /// The largest absolute difference over the reference's range.
  case relativeMaximumError = "max-abs-over-range"
  /// The distance between the histograms of the two, 0 … 1.
  case histogramDistance = "histogram"
  /// How many elements are NaN or infinite on one side only.
  case nonFinite = "non-finite"
  /// A layer's relative L2 distance over what its rounding explains.
  case excessError = "over-rounding"
  /// The Fréchet distance between the features of two sets of images.
  case frechetDistance = "frechet"
  /// The score of the candidate's image by a metric network; 1 for an image taken for its class.
  case score
  /// How much lower that is than the reference's.
  case scoreLoss = "score-loss"

  /// Whether larger values are better, so that a limit is a least value.
  public var isBetterHigher: Bool {
    switch self {
    case .psnr, .ssim, .msSSIM, .sqnr, .cosine, .score: true
    case .relativeL2, .maximumError, .relativeMaximumError, .histogramDistance, .nonFinite,
      .excessError, .frechetDistance, .scoreLoss:
      false
    }
  }

  /// Whether it is measured of all samples together, not of each.
  public var isOfSets: Bool { self == .frechetDistance }

  /// Whether the unit is the decibel.
  public var isDecibels: Bool { self == .psnr || self == .sqnr }

  /// The name used in prose.
  public var title: String {
    switch self {
    case .psnr: "PSNR"
    case .ssim: "SSIM"
    case .msSSIM: "MS-SSIM"
    case .sqnr: "SQNR"
    case .cosine: "cosine"
    case .relativeL2: "relative L2 distance"
    case .maximumError: "max abs error"
    case .relativeMaximumError: "max abs error over the range"
    case .histogramDistance: "histogram distance"
    case .nonFinite: "non-finite mismatches"
    case .excessError: "error over rounding"
    case .frechetDistance: "Fréchet distance"
    case .score: "score"
    case .scoreLoss: "loss of score"
    }
  }

  /// Whether `value` keeps to `limit`; a value that is NaN keeps to none.
  public func holds(_ value: Double, within limit: Double) -> Bool {
    isBetterHigher ? value >= limit : value <= limit
  }

  /// Whether `value` is worse than `other`; NaN is worse than every number.
  public func isWorse(_ value: Double, than other: Double) -> Bool {
    if value.isNaN { return !other.isNaN }
    return isBetterHigher ? value < other : value > other
  }
}

extension Metric: Comparable, CodingKeyRepresentable {
  /// The order of declaration, which reports keep.
  public static func < (left: Self, right: Self) -> Bool { left.order < right.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
