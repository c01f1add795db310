import FileIO
import ModelGraph
import Runtime
import Tensors

/// The parts of a model that generation needs: a denoiser, its scheduler's configuration, and where
/// the denoiser works on latents their decoder.
public struct GenerationModel: Sendable {
  /// The component that predicts noise.
  public private(set) var denoiser: Component
  /// The denoiser's graph; inputs that may be left out are required, see `defaults`.
  public private(set) var graph: Graph
  /// What inputs are that may be left out, where the graph has such: a mask that hides nothing.
  let defaults: [String: Tensor]
  /// The decoder of latents; nil where the denoiser works on images.
  public let decoder: LatentDecoder?
  /// Whether the pipeline conditions on an aesthetic score: SDXL's refiner.
  let demandsAestheticScore: Bool
  /// The bytes of the scheduler's configuration.
  public let schedulerBytes: [UInt8]
  /// The name of the file that they come from.
  public let schedulerFile: String

  /// Finds the parts in `model`.
  ///
  /// - Parameters:
  ///   - model: the model; its attached file `scheduler/scheduler_config.json`, or that of the
  ///     denoiser's role, configures the schedule.
  ///   - role: the role of the denoiser; nil for the only one, or the student's.
  ///   - scheduler: a configuration to use in place of the model's own.
  /// - Throws: `DiffusionError.graph` where no denoiser is there, or several; `.configuration` where
  ///   no schedule is known.
  public init(
    _ model: Model, role: Role? = nil, scheduler: AttachedFile? = nil
  ) throws(DiffusionError) {
    let denoisers = model.components.flatMap { component in
      component.graphs.filter(\.isDenoiser).map { (component: component, graph: $0) }
    }
    let wanted = denoisers.filter { role == nil || $0.component.role == role }
    let students = wanted.filter { $0.component.role == .student }
    guard let chosen = wanted.count == 1 ? wanted.first : students.count == 1 ? students.first : nil
    else {
      let found = denoisers.isEmpty ? model.components : denoisers.map(\.component)
      throw .graph(
        name: "denoiser",
        expected: "one component that takes a noisy image and a timestep"
          + (role.map { ", of role \($0.rawValue)" } ?? ""), found: found.map(\.label))
    }
    try self.init(
      model, denoiser: chosen.component, graph: chosen.graph, scheduler: scheduler)
  }

  /// Finds the other parts in `model`, whose component `denoiser` has the graph `graph`.
  ///
  /// - Throws: `DiffusionError.configuration` where no schedule is known.
  public init(
    _ model: Model, denoiser: Component, graph: Graph, scheduler: AttachedFile? = nil
  ) throws(DiffusionError) {
    self.denoiser = denoiser
    let optional = graph.optionalInputs.map(\.name)
    self.graph = graph.requiring(optional)
    defaults = graph.inlineTensors(optional)
    let parts = PipelineParts(model, role: denoiser.role)
    demandsAestheticScore = parts.setting("requires_aesthetics_score")?.bool ?? false
    decoder = try LatentDecoder(model, of: denoiser)
    let path = "scheduler/scheduler_config.json"
    let places = [denoiser.role.map { "\($0.rawValue)/\(path)" }, path].compactMap { $0 }
    let own = places.lazy.compactMap { place in model.file(at: place).map { (place, $0) } }.first
    guard let (file, bytes) = scheduler.map({ ($0.path, $0.content) }) ?? own else {
      throw .configuration(
        file: path,
        reason: "the model carries no scheduler configuration; give one with --scheduler")
    }
    schedulerFile = file
    schedulerBytes = bytes
  }

  /// The model with another denoiser of the same inputs in its own's place.
  public func replacingDenoiser(_ component: Component, _ graph: Graph) -> GenerationModel {
    var model = self
    model.denoiser = component
    model.graph = graph
    return model
  }

  /// The scheduler's configuration, read for its own class or for another.
  ///
  /// - Throws: `DiffusionError`.
  public func configuration(
    as schedulerClass: SchedulerClass? = nil
  ) throws(DiffusionError) -> SchedulerConfiguration {
    try SchedulerConfiguration(schedulerBytes, file: schedulerFile, as: schedulerClass)
  }

  /// How the model is meant to be sampled.
  ///
  /// - Throws: `DiffusionError.key`, `.unsupported` for a record of another form.
  public func samplingRecord() throws(DiffusionError) -> SamplingRecord {
    try SamplingRecord(schedulerBytes, file: schedulerFile)
  }

  /// The denoiser of images or latents `[N, C, H, W]`, ready to run.
  ///
  /// - Parameter observe: is shown the graph's inputs before every run.
  /// - Throws: what `Session` throws; `DiffusionError.graph`.
  public func makeDenoiser(
    observe: @escaping SessionDenoiser.InputObserver = { _ in }
  ) throws -> any Denoiser {
    try SessionDenoiser.ofImages(
      try Session(graph: graph, weights: denoiser.weights), observe: observe)
  }

  /// Whether the denoiser takes latents as a run of 2 by 2 patches: FLUX.1.
  var isPacked: Bool {
    graph.inputs.first { SessionDenoiser.sampleNames.contains($0.name) }?.isPacked ?? false
  }
}

extension Graph {
  /// Whether the graph takes a noisy image and a timestep.
  public var isDenoiser: Bool {
    let names = Set(requiredInputs.map(\.name))
    return !names.isDisjoint(with: SessionDenoiser.sampleNames)
      && !names.isDisjoint(with: SessionDenoiser.timestepNames)
  }

  /// The initializers called `names` that the graph holds itself.
  fileprivate func inlineTensors(_ names: [String]) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for initializer in initializers where names.contains(initializer.name) {
      if case .inline(let tensor) = initializer.storage { tensors[initializer.name] = tensor }
    }
    return tensors
  }
}
