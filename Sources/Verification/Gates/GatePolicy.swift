/// What a candidate must keep to in order to pass.
public struct GatePolicy: Hashable, Codable, Sendable {
  /// The rules; for each metric the first that describes a subject and limits it counts.
  public var rules: [GateRule]
  /// Whether the default limits of the component's precision complete the rules.
  public var usesDefaults: Bool
  /// The confidence of intervals and of the failure rate, 0 … 1.
  public var confidence: Double
  /// The share of samples that may fail; nil where none may.
  public var failureRate: Double?
  /// How much worse than an earlier report's mean a metric may become, in the metric's own unit.
  public var baselineTolerance: [Metric: Double]
  /// Whether a layer that is off by more than its rounding explains, or another way of sampling,
  /// fails the candidate.
  public var failsOnDrift: Bool
  /// Breaches that are let pass for a time.
  public var waivers: [Waiver]

  /// A policy; by default the default limits alone.
  public init(
    rules: [GateRule] = [], usesDefaults: Bool = true, confidence: Double = 0.95,
    failureRate: Double? = nil, baselineTolerance: [Metric: Double] = Self.standardTolerance,
    failsOnDrift: Bool = true, waivers: [Waiver] = []
  ) {
    self.rules = rules
    self.usesDefaults = usesDefaults
    self.confidence = confidence
    self.failureRate = failureRate
    self.baselineTolerance = baselineTolerance
    self.failsOnDrift = failsOnDrift
    self.waivers = waivers
  }

  /// The drift from a baseline that is let pass where the policy does not say: half a decibel, a
  /// thousandth of a similarity, a tenth of a Fréchet distance, five thousandths of a score.
  public static let standardTolerance: [Metric: Double] = [
    .psnr: 0.5, .ssim: 0.001, .msSSIM: 0.001, .cosine: 0.0005, .frechetDistance: 0.1,
    .scoreLoss: 0.005,
  ]

  /// The limits of `subject`, whose component's weights are as coarse as `precision`.
  public func limits(for subject: Subject, precision: Precision) -> Limits {
    if subject.isExact { return Limits(worst: [.maximumError: 0, .nonFinite: 0]) }
    var limits = Limits()
    for rule in rules where rule.applies(to: subject) {
      limits = limits.completed(by: rule.limits)
    }
    if usesDefaults {
      limits = limits.completed(by: .standard(for: precision, depth: subject.depth))
    }
    return limits.isEmpty ? limits : limits.completed(by: Limits(worst: [.nonFinite: 0]))
  }
}
