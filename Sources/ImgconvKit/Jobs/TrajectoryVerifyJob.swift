import Diffusion
import FileIO
import ModelGraph
import Tensors
import Verification

/// `imgconv verify --trajectory`: whole generations of a candidate against those of its reference.
///
/// Both walk from the same noise, each by its own scheduler configuration (the reference's where the
/// candidate has none) with the sampler that it records, the few-step one where it records none.
/// Samplers are compared by themselves. Where the gate fails on a step's prediction or estimate, the
/// layers are compared on the reference's inputs of the first failing step, to name the one at fault.
public struct TrajectoryVerifyJob: Sendable {
  /// What is verified, and by which policy; its inputs are not used.
  public var base: VerifyJob
  /// The numbers of steps.
  public var steps: [Int]
  /// Sampler and guidance.
  public var options: SamplingOptions
  /// The reference's guidance scale; nil for the candidate's.
  public var referenceGuidance: Float?
  /// What the images shall show.
  public var conditions: ConditioningOptions
  /// A scheduler configuration to use in place of both models' own.
  public var scheduler: String?
  /// A scheduler configuration to use in place of the candidate's own alone.
  public var candidateScheduler: String?
  /// Whether the candidate's few-step sampler corrects the noise; nil for what `options` say.
  public var candidateCorrection: Bool?
  /// Whether the reference's does.
  public var referenceCorrection: Bool?
  /// How large the images shall be.
  public var extents: ImageExtents

  /// Describes a verification.
  public init(
    base: VerifyJob, steps: [Int], options: SamplingOptions = SamplingOptions(),
    referenceGuidance: Float? = nil, conditions: ConditioningOptions = ConditioningOptions(),
    scheduler: String? = nil, extents: ImageExtents = .standard
  ) {
    self.base = base
    self.steps = steps
    self.options = options
    self.referenceGuidance = referenceGuidance
    self.conditions = conditions
    self.scheduler = scheduler
    self.extents = extents
  }
}

extension TrajectoryVerifyJob {
  /// Verifies.
  ///
  /// - Throws: `VerificationError`, `DiffusionError`, `JobError`, the formats' and the runtime's
  ///   errors.
  public func run(progress: @escaping (String) -> Void) throws -> VerificationReport {
    let picture = try base.images.map {
      try OutputFile(path: $0, policy: base.outputPolicy)
    }
    let earlier = try base.baseline.map { try VerificationReport(path: $0) }
    let pair = try TrajectoryPair(self)
    var gallery = ImageGallery(sheetIsWanted: picture != nil)
    var judge = try ImageSetJudge(base.metricModels)
    let comparison = TrajectoryComparison(
      component: pair.reference.denoiser, graph: pair.reference.graph
    ) { subject, sample, reference, candidate in
      try gallery.add(subject, sample, reference: reference, candidate: candidate)
      try judge.add(
        subject, sample, reference: reference, candidate: candidate,
        label: pair.referenceSide.plan.labels(sample..<(sample + 1))?.first)
    }
    // One model in memory at a time: the reference's steps are kept, not its weights.
    let kept = KeptTrajectories()
    try walk(pair.referenceSide, nil, progress) { try kept.add($0) }
    let samplerDrift = try pair.referenceSide.drift(of: pair.candidateSide, along: kept.first)
    var measurements: [Measurement] = []
    var index = 0
    try walk(pair.candidateSide, pair.reference.decoder, progress) { walked in
      measurements += try comparison.measure(walked, against: index, of: kept)
      index += 1
    }
    let layers = try self.layers(pair, kept.first, progress)
    measurements += layers.measurements + judge.measurements
    func judged(_ drift: LayerDrift?) throws -> VerificationReport {
      try self.report(
        pair, measurements, drift, samplerDrift, judge.distributions, gallery, earlier)
    }
    var report = try judged(layers.drift)
    if layers.drift == nil, let drift = try drift(report, pair, progress) {
      report = try judged(drift)
    }
    if base.bisects, !report.passed, samplerDrift == nil {
      report.bisection = try bisection(report, pair, kept, progress)
    }
    if let picture { try gallery.writeSheet(to: picture) }
    return report
  }

  private func walk(
    _ side: TrajectorySide, _ decoder: LatentDecoder?, _ progress: @escaping (String) -> Void,
    visit: (WalkedTrajectory) throws -> Void
  ) throws {
    try runner(side, side.samplers, decoder, progress)
      .walk(samples, seed: base.seed, shape: side.shape, visit: visit)
  }

  /// The layers to keep in fp16 so that the trajectories keep to their limits.
  private func bisection(
    _ report: VerificationReport, _ pair: TrajectoryPair, _ kept: KeptTrajectories,
    _ progress: @escaping (String) -> Void
  ) throws -> Bisection {
    let comparison = TrajectoryComparison(
      component: pair.reference.denoiser, graph: pair.reference.graph)
    return try LayerBisection(
      reference: pair.reference.denoiser, pair.reference.graph,
      candidate: pair.candidate.denoiser, pair.candidate.graph,
      evaluate: { component, graph, isFirstOnly in
        let side = pair.candidateSide.replacingDenoiser(component, graph)
        let numbers = isFirstOnly ? samples.prefix(1) : samples
        var measurements: [Measurement] = []
        // The reference's trajectories are in order of steps, then samples.
        var index = 0
        try runner(side, side.samplers, pair.reference.decoder, { _ in })
          .walk(numbers, seed: base.seed, shape: side.shape) { walked in
            let (round, place) = index.quotientAndRemainder(dividingBy: numbers.count)
            measurements += try comparison.measure(
              walked, against: round * samples.count + place, of: kept)
            index += 1
          }
        return measurements
      },
      passes: { measurements in
        base.policy.judge(measurements, precisions: report.precisions, on: VerifyJob.today).passed
      }, progress: progress
    ).run()
  }

  private func runner(
    _ side: TrajectorySide, _ samplers: [any Sampler], _ decoder: LatentDecoder?,
    _ progress: @escaping (String) -> Void
  ) -> TrajectoryRunner {
    TrajectoryRunner(
      model: side.model, samplers: samplers,
      guidance: side.plan.evaluationScale(side.guidance),
      conditions: {
        try side.plan.conditions($0..<($0 + 1), shape: side.shape, guidance: side.guidance)
      }, decoder: decoder, progress: progress)
  }

  private var samples: Range<Int> { base.shard?.samples(of: base.count) ?? 0..<base.count }

  /// The layers on the inputs of the first step of sample 0, where layers are to be compared: a
  /// teacher's and a student's differ by right.
  private func layers(
    _ pair: TrajectoryPair, _ walked: [WalkedTrajectory], _ progress: @escaping (String) -> Void
  ) throws -> (measurements: [Measurement], drift: LayerDrift?) {
    guard base.comparesLayers, samples.contains(0),
      pair.reference.denoiser.role == pair.candidate.denoiser.role,
      let inputs = walked.first(where: { $0.sample == 0 })?.graphInputs.first
    else { return ([], nil) }
    return try LayerComparison(
      reference: pair.reference.denoiser, pair.reference.graph,
      candidate: pair.candidate.denoiser, pair.candidate.graph, progress: progress
    ).measure(inputs, sample: 0)
  }

  private func report(
    _ pair: TrajectoryPair, _ measurements: [Measurement], _ drift: LayerDrift?,
    _ samplerDrift: SamplerDrift?, _ distributions: [FeatureDistribution], _ gallery: ImageGallery,
    _ baseline: VerificationReport?
  ) throws -> VerificationReport {
    let label = pair.reference.denoiser.label
    let precision = Precision(
      candidate: pair.candidate.denoiser, reference: pair.reference.denoiser)
    return try VerificationReport(
      tool: Provenance.tool, candidate: try ComparedArtifact(pair.loadedCandidate),
      reference: try ComparedArtifact(pair.loadedReference),
      settings: VerificationSettings(
        seed: base.seed, count: base.count,
        depths: [.trajectory] + (base.comparesLayers ? [.cumulative, .isolated] : []),
        trajectorySteps: steps, metricNetworks: try base.metricNetworks),
      shard: base.shard, precisions: [label: precision], policy: base.policy,
      measurements: measurements, drift: drift, samplerDrift: samplerDrift,
      distributions: distributions, images: gallery.pairs, baseline: baseline, day: VerifyJob.today)
  }

  /// The layer at fault on the inputs of the first failing step of the first failing sample; nil
  /// where none is. That sample alone is looked at, so that parts of a verification find the same.
  private func drift(
    _ report: VerificationReport, _ pair: TrajectoryPair, _ progress: @escaping (String) -> Void
  ) throws -> LayerDrift? {
    let breaches = report.judgement.breaches.filter { $0.subject.depth == .trajectory }
    guard report.samplerDrift?.transition == nil,
      let sample = breaches.compactMap(\.sample).min(),
      let breach = breaches.first(where: { $0.sample == sample }),
      let sampler = pair.referenceSide.samplers.first(where: {
        $0.timesteps.count == breach.subject.steps
      })
    else { return nil }
    var inputs: [String: Tensor]?
    try runner(pair.referenceSide, [sampler], nil, progress)
      .walk(sample..<(sample + 1), seed: base.seed, shape: pair.referenceSide.shape) { walked in
        inputs = walked.inputs(of: breach.subject.step)
      }
    guard let inputs else { return nil }
    return try LayerComparison(
      reference: pair.reference.denoiser, pair.reference.graph,
      candidate: pair.candidate.denoiser, pair.candidate.graph, progress: progress
    ).drift(on: inputs, sample: sample)
  }
}

/// The two models of a verification, found in their files.
private struct TrajectoryPair {
  let loadedCandidate: LoadedModel
  let loadedReference: LoadedModel
  let candidateSide: TrajectorySide
  let referenceSide: TrajectorySide

  var candidate: GenerationModel { candidateSide.model }
  var reference: GenerationModel { referenceSide.model }

  init(_ job: TrajectoryVerifyJob) throws {
    loadedCandidate = try ModelLoader().load(path: job.base.candidate)
    loadedReference = try ModelLoader().load(path: job.base.reference)
    let given = try job.scheduler.map { try AttachedFile(reading: $0) }
    let others = try job.candidateScheduler.map { try AttachedFile(reading: $0) }
    let reference = try GenerationModel(loadedReference.model, scheduler: given)
    let lacksOwn = !loadedCandidate.model.files.contains {
      $0.path.hasSuffix("scheduler_config.json")
    }
    let shared = AttachedFile(path: reference.schedulerFile, content: reference.schedulerBytes)
    let candidate = try GenerationModel(
      loadedCandidate.model, scheduler: others ?? given ?? (lacksOwn ? shared : nil))
    // A candidate without text encoders is told what to show by the reference's.
    let hasEncoders = loadedCandidate.model.components.contains {
      $0.name.hasPrefix("text_encoder")
    }
    let encoders = hasEncoders ? loadedCandidate.model : loadedReference.model
    candidateSide = try TrajectorySide(
      candidate, of: encoders, conditions: job.conditions, steps: job.steps, options: job.options,
      extents: job.extents,
      correctsNoise: job.candidateCorrection, guidance: job.options.guidance)
    referenceSide = try TrajectorySide(
      reference, of: loadedReference.model, conditions: job.conditions, steps: job.steps,
      options: job.options, extents: job.extents,
      correctsNoise: job.referenceCorrection,
      guidance: job.referenceGuidance ?? job.options.guidance)
  }
}

extension WalkedTrajectory {
  /// The graph's inputs at `step`, from 1; at the last step where it is nil.
  fileprivate func inputs(of step: Int?) -> [String: Tensor]? {
    guard let step, graphInputs.indices.contains(step - 1) else { return graphInputs.last }
    return graphInputs[step - 1]
  }
}
