import Diffusion
import FileIO
import ModelGraph
import Quantization
import Tensors

/// How a model's denoisers are walked from noise for calibration.
///
/// A teacher takes the steps of its own scheduler (25 unless asked otherwise); others take few
/// steps (3) with noise correction, or those of an LCM or flow scheduler (4). Where the model takes a
/// text, the recipe's prompts are shown in turn.
struct RolloutPlan {
  private let model: Model
  private let configuration: SchedulerConfiguration
  private let record: SamplingRecord
  private let settings: CalibrationSettings

  /// The plan for `model`; nil where it has no scheduler.
  ///
  /// - Throws: `DiffusionError` for a configuration that is not supported.
  init?(model: Model, settings: CalibrationSettings) throws {
    let path = "scheduler/scheduler_config.json"
    guard let bytes = model.file(at: path) else { return nil }
    self.model = model
    configuration = try SchedulerConfiguration(bytes, file: path)
    record = try SamplingRecord(bytes, file: path)
    self.settings = settings
  }

  /// The trajectories of `graph`; nil where it is no denoiser.
  ///
  /// Images are as large as the graph or the configuration says, 64 by 64 where neither does.
  ///
  /// - Parameter given: further inputs, one row a sample in turn.
  /// - Throws: `DiffusionError` for steps that the scheduler does not allow; `JobError.option` for a
  ///   graph that takes more than is given.
  func data(
    for graph: Graph, of component: Component, given: [String: Tensor]
  ) throws -> (any CalibrationData)? {
    guard graph.isDenoiser else { return nil }
    let generation = try GenerationModel(model, denoiser: component, graph: graph)
    let shape = try generation.sampleShape(count: 1, unstated: 64)
    return RolloutCalibrationData(
      sampler: try sampler(generation, shape), shape: shape,
      conditioning: try conditioning(graph, of: generation, shape, given),
      sampleCount: settings.sampleCount, seed: settings.seed)
  }

  private func sampler(_ generation: GenerationModel, _ shape: Shape) throws -> any Sampler {
    switch (generation.denoiser.role, configuration.schedulerClass) {
    case (_, .lcm), (_, .flowMatchEuler):
      return try generation.sampler(configuration, steps: settings.stepCount ?? 4, shape: shape)
    case (.teacher, _):
      return try generation.sampler(configuration, steps: settings.stepCount ?? 25, shape: shape)
    default:
      return try configuration.fewStepSampler(
        steps: settings.stepCount ?? 3, correctsNoise: record.effectiveCorrection)
    }
  }

  /// What the graph takes beside the noisy image and the time: given tensors, class labels in turn
  /// over the rows of their table, and what follows from prompts and the image's shape.
  private func conditioning(
    _ graph: Graph, of generation: GenerationModel, _ shape: Shape, _ given: [String: Tensor]
  ) throws -> [String: Tensor] {
    let names = graph.requiredInputs.map(\.name)
      .filter { !SessionDenoiser.isSampleOrTimestep($0) }
    var known = given.filter { names.contains($0.key) }
    if names.contains("class_labels"), known["class_labels"] == nil,
      let count = LookupTables(graph).rows(of: "class_labels")
    {
      known["class_labels"] = try Tensor((0..<count).map { Int64($0) })
    }
    if !settings.prompts.isEmpty || names.contains(where: { known[$0] == nil }) {
      let derived = try derived(generation, shape).filter { names.contains($0.key) }
      known.merge(derived) { own, _ in own }
    }
    guard let missing = names.first(where: { known[$0] == nil }) else { return known }
    throw JobError.option(
      name: "--calibration",
      expected: "a file with \(missing), one row a sample, or a --calibration-prompt; "
        + "weights alone need neither with --rounding nearest", found: "none")
  }

  /// What the pipeline makes of the prompts, by its own text encoders, and of the image's shape.
  private func derived(
    _ generation: GenerationModel, _ shape: Shape
  ) throws -> [String: Tensor] {
    let plan = try ConditioningPlan(
      generation, of: model,
      ConditioningOptions(prompts: PromptOptions(prompts: settings.prompts)))
    let samples = Shape([settings.sampleCount] + shape.dimensions.dropFirst())
    return try plan.conditions(0..<settings.sampleCount, shape: samples, guidance: 1).given.inputs
  }
}
