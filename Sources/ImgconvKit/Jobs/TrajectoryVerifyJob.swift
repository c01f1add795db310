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
      try OutputFile(path: $0, replacesExisting: base.replacesExisting)
    }
    let earlier = try base.baseline.map { try VerificationReport(path: $0) }
    let pair = try TrajectoryPair(self)
    // One model in memory at a time: the reference's steps are kept, not its weights.
    let expected = try walk(pair.referenceSide, pair.loadedReference.model, nil, progress)
    let samplerDrift = try pair.referenceSide.drift(of: pair.candidateSide, along: expected)
    let found = try walk(
      pair.candidateSide, pair.encoders, pair.reference.decoder, progress)
    var gallery = ImageGallery(sheetIsWanted: picture != nil)
    let comparison = TrajectoryComparison(
      component: pair.reference.denoiser, graph: pair.reference.graph
    ) { try gallery.add($0, $1, reference: $2, candidate: $3) }
    let measurements = try comparison.measure(reference: expected, candidate: found)
    let layers = try self.layers(pair, expected, progress)
    var report = try report(
      pair, measurements + layers.measurements, layers.drift, samplerDrift, gallery, earlier)
    if !report.passed, report.drift == nil {
      report.drift = try drift(report, pair, expected, progress)
    }
    if let picture { try gallery.writeSheet(to: picture) }
    return report
  }

  private func walk(
    _ side: TrajectorySide, _ whole: Model, _ decoder: LatentDecoder?,
    _ progress: @escaping (String) -> Void
  ) throws -> [WalkedTrajectory] {
    let plan = try ConditioningPlan(side.model, of: whole, conditions)
    let runner = TrajectoryRunner(
      model: side.model, samplers: side.samplers, guidance: plan.evaluationScale(side.guidance),
      conditions: {
        try plan.conditions($0..<($0 + 1), shape: side.shape, guidance: side.guidance)
      }, decoder: decoder, progress: progress)
    return try runner.walk(samples, seed: base.seed, shape: side.shape)
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
    _ samplerDrift: SamplerDrift?, _ gallery: ImageGallery, _ baseline: VerificationReport?
  ) throws -> VerificationReport {
    let label = pair.reference.denoiser.label
    let precision = Precision(
      candidate: pair.candidate.denoiser, reference: pair.reference.denoiser)
    return VerificationReport(
      tool: Provenance.tool, candidate: try ComparedArtifact(pair.loadedCandidate),
      reference: try ComparedArtifact(pair.loadedReference),
      settings: VerificationSettings(
        seed: base.seed, count: base.count,
        depths: [.trajectory] + (base.comparesLayers ? [.cumulative, .isolated] : []),
        trajectorySteps: steps),
      shard: base.shard, precisions: [label: precision], policy: base.policy,
      measurements: measurements, drift: drift, samplerDrift: samplerDrift,
      images: gallery.pairs, baseline: baseline, day: VerifyJob.today)
  }

  /// The layer at fault on the first failing step's inputs; nil where none is.
  private func drift(
    _ report: VerificationReport, _ pair: TrajectoryPair, _ walked: [WalkedTrajectory],
    _ progress: @escaping (String) -> Void
  ) throws -> LayerDrift? {
    let breach = report.judgement.breaches.first { $0.sample != nil }
    let trajectory = walked.first {
      $0.sample == breach?.sample && $0.stepCount == breach?.subject.steps
    }
    guard let breach, let trajectory, let inputs = trajectory.inputs(of: breach.subject.step) else {
      return nil
    }
    let comparison = try LayerComparison(
      reference: pair.reference.denoiser, pair.reference.graph,
      candidate: pair.candidate.denoiser, pair.candidate.graph, progress: progress)
    return try comparison.drift(on: inputs, sample: trajectory.sample)
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

  /// The model whose text encoders tell the candidate what to show: its own where it has any.
  var encoders: Model {
    let hasOwn = loadedCandidate.model.components.contains { $0.name.hasPrefix("text_encoder") }
    return hasOwn ? loadedCandidate.model : loadedReference.model
  }

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
    candidateSide = try TrajectorySide(
      candidate, steps: job.steps, options: job.options, extents: job.extents,
      correctsNoise: job.candidateCorrection, guidance: job.options.guidance)
    referenceSide = try TrajectorySide(
      reference, steps: job.steps, options: job.options, extents: job.extents,
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
