import Diffusion
import FileIO
import ModelGraph
import Quantization
import Tensors

/// How a model's denoisers are walked from noise for calibration.
///
/// A teacher takes the steps of its own scheduler (25 unless asked otherwise); others take few
/// steps (3) with noise correction, or those of an LCM or flow scheduler (4).
struct RolloutPlan {
  private let configuration: SchedulerConfiguration
  private let record: SamplingRecord
  private let settings: CalibrationSettings

  /// The plan for `model`; nil where it has no scheduler.
  ///
  /// - Throws: `DiffusionError` for a configuration that is not supported.
  init?(model: Model, settings: CalibrationSettings) throws {
    let path = "scheduler/scheduler_config.json"
    guard let bytes = model.file(at: path) else { return nil }
    configuration = try SchedulerConfiguration(bytes, file: path)
    record = try SamplingRecord(bytes, file: path)
    self.settings = settings
  }

  /// Whether `graph` takes a noisy image and a time.
  func reaches(_ graph: Graph) -> Bool {
    graph.requiredInputs.contains { Self.sampleNames.contains($0.name) }
      && graph.requiredInputs.contains { Self.timeNames.contains($0.name) }
  }

  private static let sampleNames = ["sample", "hidden_states", "x", "latents"]
  private static let timeNames = ["timestep", "timesteps", "t"]

  /// The trajectories of `graph`; nil where it is no denoiser.
  ///
  /// - Parameter given: further inputs, one row a sample in turn.
  /// - Throws: `DiffusionError` for steps that the scheduler does not allow; `JobError.option` for a
  ///   graph that takes more than is given.
  func data(
    for graph: Graph, of component: Component, given: [String: Tensor]
  ) throws -> (any CalibrationData)? {
    guard reaches(graph),
      let sample = graph.requiredInputs.first(where: { Self.sampleNames.contains($0.name) })
    else { return nil }
    return RolloutCalibrationData(
      sampler: try sampler(component), shape: try shape(of: sample, component),
      conditioning: try conditioning(graph, given), sampleCount: settings.sampleCount,
      seed: settings.seed)
  }

  private func sampler(_ component: Component) throws -> any Sampler {
    switch (component.role, configuration.schedulerClass) {
    case (_, .lcm), (_, .flowMatchEuler):
      return try configuration.sampler(steps: settings.stepCount ?? 4)
    case (.teacher, _): return try configuration.sampler(steps: settings.stepCount ?? 25)
    default:
      return try configuration.fewStepSampler(
        steps: settings.stepCount ?? 3, correctsNoise: record.effectiveCorrection)
    }
  }

  private func shape(of sample: ValueInfo, _ component: Component) throws -> Shape {
    let config = component.config.flatMap { try? JSONParser().parse($0) }
    let size = config?["sample_size"]?.int ?? 64
    let dimensions = sample.type.dimensions ?? []
    let extents = dimensions.enumerated().map { axis, dimension in
      axis == 0 ? 1 : dimension.fixedValue ?? (axis == 1 ? config?["in_channels"]?.int ?? 4 : size)
    }
    return try Shape(checking: extents)
  }

  /// What the graph takes beside the noisy image and the time: given tensors, and class labels in
  /// turn over the rows of their table.
  private func conditioning(
    _ graph: Graph, _ given: [String: Tensor]
  ) throws -> [String: Tensor] {
    var conditioning: [String: Tensor] = [:]
    for input in graph.requiredInputs
    where !Self.sampleNames.contains(input.name) && !Self.timeNames.contains(input.name) {
      if let tensor = given[input.name] {
        conditioning[input.name] = tensor
      } else if input.name == "class_labels",
        let count = LookupTables(graph).rows(of: "class_labels")
      {
        conditioning[input.name] = try Tensor((0..<count).map { Int64($0) })
      } else {
        throw JobError.option(
          name: "--calibration", expected: "a file with \(input.name), one row a sample",
          found: "none")
      }
    }
    return conditioning
  }
}
