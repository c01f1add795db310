/// The limits within which an output counts as the same.
public struct Gate: Hashable, Sendable {
  /// The least PSNR in dB.
  public var minimumPSNR: Double?
  /// The largest relative L2 distance.
  public var maximumRelativeL2: Double?
  /// The least cosine.
  public var minimumCosine: Double?

  /// A gate of the given limits; nil for one that is not set.
  public init(
    minimumPSNR: Double? = nil, maximumRelativeL2: Double? = nil, minimumCosine: Double? = nil
  ) {
    self.minimumPSNR = minimumPSNR
    self.maximumRelativeL2 = maximumRelativeL2
    self.minimumCosine = minimumCosine
  }

  /// Whether any limit is set.
  public var isEmpty: Bool { self == Gate() }

  /// The limits that `comparison` breaks, each as a sentence with what was found.
  public func violations(_ comparison: TensorComparison) -> [GateViolation] {
    var violations: [GateViolation] = []
    if comparison.nonFiniteMismatches > 0 {
      violations.append(
        GateViolation(
          metric: .nonFinite, limit: 0, found: Double(comparison.nonFiniteMismatches)))
    }
    if let minimumPSNR, !(comparison.peakSignalToNoise >= minimumPSNR) {
      violations.append(
        GateViolation(metric: .psnr, limit: minimumPSNR, found: comparison.peakSignalToNoise))
    }
    if let maximumRelativeL2, !(comparison.relativeL2 <= maximumRelativeL2) {
      violations.append(
        GateViolation(
          metric: .relativeL2, limit: maximumRelativeL2, found: comparison.relativeL2))
    }
    if let minimumCosine, !(comparison.cosine >= minimumCosine) {
      violations.append(
        GateViolation(metric: .cosine, limit: minimumCosine, found: comparison.cosine))
    }
    return violations
  }
}

/// A limit of a gate that an output breaks.
public struct GateViolation: Hashable, Sendable {
  /// What is limited.
  public enum Metric: String, Sendable {
    case psnr
    case relativeL2 = "rel-l2"
    case cosine
    case nonFinite = "non-finite"
  }

  /// What is limited.
  public var metric: Metric
  /// The limit.
  public var limit: Double
  /// What was found.
  public var found: Double

  /// A broken limit.
  public init(metric: Metric, limit: Double, found: Double) {
    self.metric = metric
    self.limit = limit
    self.found = found
  }
}
