import Diffusion
import ModelGraph
import Tensors
import Verification

/// One model of a comparison of trajectories, with the way it is sampled.
struct TrajectorySide {
  /// The model.
  private(set) var model: GenerationModel
  /// What its images shall show.
  let plan: ConditioningPlan
  /// What it records of its sampling, options that override it put in.
  let record: SamplingRecord
  /// Its samplers, one for each number of steps.
  let samplers: [any Sampler]
  /// The guidance scale; 1 for none.
  let guidance: Float
  /// The shape of one noisy image, `[1, C, H, W]`.
  let shape: Shape

  /// Makes the samplers that `model` records, few-step ones where it records none.
  ///
  /// - Parameters:
  ///   - whole: the model with its text encoders, which are run if there are prompts.
  ///   - conditions: what images shall show.
  ///   - options: what overrides the record; the number of steps is not looked at.
  ///   - extents: how large images are.
  ///   - correctsNoise: what overrides both for this side; nil for nothing.
  /// - Throws: `DiffusionError`, `JobError.option`.
  init(
    _ model: GenerationModel, of whole: Model, conditions: ConditioningOptions, steps: [Int],
    options: SamplingOptions, extents: ImageExtents,
    correctsNoise: Bool?, guidance: Float
  ) throws {
    var record = try model.samplingRecord()
    record.correctsNoise = correctsNoise ?? options.correctsNoise ?? record.correctsNoise
    var options = options
    options.correctsNoise = record.effectiveCorrection
    // Flows have no schedule that the few-step sampler could walk.
    let isFlow =
      try SchedulerConfiguration.className(
        model.schedulerBytes, file: model.schedulerFile) == SchedulerClass.flowMatchEuler.rawValue
    if options.method == .automatic, record.method == nil, !isFlow { options.method = .fewStep }
    let shape = try model.sampleShape(count: 1, extents: extents)
    self.shape = shape
    samplers = try steps.map { count in
      options.steps = count
      return try options.sampler(for: model, shape: shape).sampler
    }
    plan = try ConditioningPlan(model, of: whole, conditions)
    self.model = model
    self.record = record
    self.guidance = guidance
  }

  /// The side with another denoiser of the same inputs in its own's place.
  func replacingDenoiser(_ component: Component, _ graph: Graph) -> TrajectorySide {
    var side = self
    side.model = model.replacingDenoiser(component, graph)
    return side
  }

  /// How `candidate` is sampled otherwise than this reference: by its record, and by what its
  /// samplers make of the trajectories `walked`; nil where it is not, or where the roles differ.
  ///
  /// - Throws: what the samplers throw.
  func drift(of candidate: TrajectorySide, along walked: [WalkedTrajectory]) throws -> SamplerDrift?
  {
    guard model.denoiser.role == candidate.model.denoiser.role else { return nil }
    let transition = try transition(of: candidate, along: walked)
    var settings = SamplingDifference(
      reference: record, candidate: candidate.record, role: model.denoiser.role
    ).settings
    if settings.isEmpty, transition != nil {
      settings = SamplingDifference.keys(
        reference: model.schedulerBytes, candidate: candidate.model.schedulerBytes)
    }
    guard !settings.isEmpty || transition != nil else { return nil }
    return SamplerDrift(
      component: model.denoiser.label, settings: settings, transition: transition)
  }

  /// The first transition that the candidate takes differently, on the first sample walked.
  private func transition(
    of candidate: TrajectorySide, along walked: [WalkedTrajectory]
  ) throws -> SamplerDrift.Transition? {
    guard let first = walked.map(\.sample).min() else { return nil }
    for (own, other) in zip(samplers, candidate.samplers) {
      let trajectory = walked.first {
        $0.sample == first && $0.stepCount == own.timesteps.count
      }
      let comparison = SamplerComparison(reference: own, candidate: other)
      if let trajectory, let found = try comparison.firstDifference(along: trajectory) {
        return found
      }
    }
    return nil
  }
}
