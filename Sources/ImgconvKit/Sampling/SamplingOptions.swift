import Diffusion
import ModelGraph
import Tensors

/// How images are generated: by which sampler, in how many steps, under which guidance.
public struct SamplingOptions: Sendable {
  /// Which sampler.
  public enum Method: Hashable, Sendable {
    /// The one that the model records; else the few-step sampler for students, the scheduler's own
    /// class otherwise.
    case automatic
    /// Imagine Flash's few-step sampler.
    case fewStep
    /// The class that the scheduler's configuration names.
    case scheduler
    /// Another class, on the same configuration.
    case named(SchedulerClass)
  }

  /// The sampler.
  public var method: Method
  /// How many steps.
  public var steps: Int
  /// The timesteps of the few-step sampler, descending; nil for its own grid of `steps`.
  public var timesteps: [Int]?
  /// Whether the few-step sampler's first step uses the true noise; nil for what the model records.
  public var correctsNoise: Bool?
  /// The guidance scale w; 1 for none.
  public var guidance: Float

  /// Describes a generation.
  public init(
    method: Method = .automatic, steps: Int = 3, timesteps: [Int]? = nil,
    correctsNoise: Bool? = nil, guidance: Float = 1
  ) {
    self.method = method
    self.steps = steps
    self.timesteps = timesteps
    self.correctsNoise = correctsNoise
    self.guidance = guidance
  }
}

extension SamplingOptions {
  /// The sampler for noisy images of `shape` `[N, C, H, W]`, and what is to be said of the
  /// scheduler's configuration.
  ///
  /// - Throws: `DiffusionError`.
  func sampler(
    for model: GenerationModel, shape: Shape
  ) throws -> (sampler: any Sampler, notes: [String]) {
    let recorded = try model.samplingRecord().method
    let isFewStep = recorded.map { $0 == .fewStep } ?? (model.denoiser.role == .student)
    switch method {
    case .automatic where isFewStep, .fewStep: return try fewStepSampler(for: model)
    case .automatic, .scheduler: return try schedulerSampler(model.configuration(), model, shape)
    case .named(let schedulerClass):
      return try schedulerSampler(
        model.configuration(as: schedulerClass), model, shape)
    }
  }

  private func fewStepSampler(
    for model: GenerationModel
  ) throws -> (sampler: any Sampler, notes: [String]) {
    // The schedule alone counts, which schedulers of unknown classes have too.
    let name = try SchedulerConfiguration.className(
      model.schedulerBytes, file: model.schedulerFile)
    let known = name.flatMap(SchedulerClass.init(rawValue:))
    let configuration = try model.configuration(as: known ?? .ddim)
    let correctsNoise = try self.correctsNoise ?? model.samplingRecord().effectiveCorrection
    if let timesteps, let schedule = configuration.schedule {
      let sampler = try FewStepSampler(
        schedule, configuration.prediction, grid: timesteps, correctsNoise: correctsNoise)
      return (sampler, [])
    }
    return (
      try configuration.fewStepSampler(steps: steps, correctsNoise: correctsNoise), []
    )
  }

  private func schedulerSampler(
    _ configuration: SchedulerConfiguration, _ model: GenerationModel, _ shape: Shape
  ) throws -> (sampler: any Sampler, notes: [String]) {
    guard timesteps == nil else {
      throw JobError.option(
        name: "--timesteps", expected: "the few-step sampler",
        found: configuration.schedulerClass.rawValue)
    }
    let ignored = configuration.keysWithoutMeaning
    let notes =
      ignored.isEmpty
      ? []
      : [
        "\(ignored.joined(separator: ", ")): without meaning for "
          + configuration.schedulerClass.rawValue
      ]
    return (try model.sampler(configuration, steps: steps, shape: shape), notes)
  }
}
