/// What a verification measured and what follows from it; `formats/verify-report.md` describes its
/// JSON form.
///
/// The same models, settings and policy give the same report; it holds no time and no path.
public struct VerificationReport: Hashable, Codable, Sendable {
  /// The version of the form that this tool writes and reads.
  public static let currentVersion = 2

  /// The version of the form.
  public var version: Int
  /// The tool and its version.
  public var tool: String
  /// The model that is judged.
  public var candidate: ComparedArtifact
  /// The model that is right.
  public var reference: ComparedArtifact
  /// What was run.
  public var settings: VerificationSettings
  /// The part of the samples that this report holds; nil where it holds all.
  public var shard: Shard?
  /// How coarse each component's weights are, by its label.
  public var precisions: [String: Precision]
  /// What the candidate must keep to.
  public var policy: GatePolicy
  /// Everything measured: subjects in order, samples ascending.
  public var measurements: [Measurement]
  /// Where the candidate leaves its reference, of the first sample that fails; nil where it was not
  /// looked for.
  public var drift: LayerDrift?
  /// That the two models are sampled differently; nil where they are not, or that was not looked at.
  public var samplerDrift: SamplerDrift?
  /// Which layers to keep in fp16 so that the gate holds, where that was looked for.
  public var bisection: Bisection?
  /// What metric networks saw, in a part of a verification; empty in a whole one, which has the
  /// distances.
  public var distributions: [FeatureDistribution]?
  /// The worst pairs of images.
  public var images: [ImagePair]
  /// The verdict.
  public var judgement: Judgement

  /// Whether the candidate passes.
  public var passed: Bool { judgement.passed }
}

extension VerificationReport {
  /// A report over `measurements` and `distributions`, judged by `policy`.
  ///
  /// - Throws: `VerificationError.shape` for distributions that do not belong together.
  public init(
    tool: String, candidate: ComparedArtifact, reference: ComparedArtifact,
    settings: VerificationSettings, shard: Shard? = nil, precisions: [String: Precision],
    policy: GatePolicy, measurements: [Measurement], drift: LayerDrift? = nil,
    samplerDrift: SamplerDrift? = nil, distributions: [FeatureDistribution] = [],
    images: [ImagePair] = [], baseline: VerificationReport? = nil, day: CalendarDay
  ) throws(VerificationError) {
    var all = measurements
    var notes: [String] = []
    if shard == nil {
      for distribution in distributions {
        if let measurement = try distribution.measurement() { all.append(measurement) }
        notes += [distribution.note].compactMap { $0 }
      }
    }
    let ordered = all.bySubject.flatMap(\.measurements)
    var judgement = policy.judge(
      ordered, precisions: precisions, isDrifting: drift != nil || samplerDrift != nil,
      baseline: baseline, on: day)
    judgement.notes += notes
    self.init(
      version: Self.currentVersion, tool: tool, candidate: candidate, reference: reference,
      settings: settings, shard: shard, precisions: precisions, policy: policy,
      measurements: ordered, drift: drift, samplerDrift: samplerDrift,
      distributions: shard == nil || distributions.isEmpty ? nil : distributions,
      images: ImagePair.worst(of: images), judgement: judgement)
  }
}
