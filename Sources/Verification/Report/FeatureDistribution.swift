/// What a metric network saw in the images of both models: a part of a verification keeps it, so
/// that the parts together give the Fréchet distance of all images.
public struct FeatureDistribution: Hashable, Codable, Sendable {
  /// Which images, by which output of which network.
  public var subject: Subject
  /// The features of the reference's images.
  public var reference: FeatureSums
  /// The features of the candidate's images.
  public var candidate: FeatureSums

  /// Distributions of no image yet, of features of `size` elements.
  public init(subject: Subject, size: Int) {
    self.subject = subject
    reference = FeatureSums(size: size)
    candidate = FeatureSums(size: size)
  }
}

extension FeatureDistribution {
  /// Takes in what another part saw.
  ///
  /// - Throws: `VerificationError.shape`.
  public mutating func add(_ other: FeatureDistribution) throws(VerificationError) {
    try reference.add(other.reference)
    try candidate.add(other.candidate)
  }

  /// The Fréchet distance of the two, as of sample 0; NaN where features are not usable, nil for
  /// fewer than two images.
  ///
  /// - Throws: `VerificationError.shape`.
  func measurement() throws(VerificationError) -> Measurement? {
    guard reference.count + reference.unusableCount >= 2 else { return nil }
    var distance = Double.nan
    if let expected = try reference.moments(), let found = try candidate.moments() {
      // What rounding takes below 0 is 0.
      distance = max(0, try expected.frechetDistance(to: found))
    }
    return Measurement(subject: subject, sample: 0, values: [.frechetDistance: distance])
  }

  /// What the number of images allows to say; nil where it is large enough.
  var note: String? {
    let count = reference.count
    if count < 2 { return "\(subject.label): a Fréchet distance takes at least two images" }
    guard count <= reference.size else { return nil }
    return "\(subject.label): \(count) images are too few to tell a Fréchet distance of "
      + "\(reference.size) features, whose covariance takes more than \(reference.size)"
  }
}
