import Diffusion
import FileIO
import ModelGraph
import Quantization
import Tensors

/// What a model is calibrated on: files of inputs, or its own trajectory.
struct CalibrationInputs {
  /// What each graph is run on.
  let provider: CalibrationProvider
  /// Whether there is anything.
  let isAvailable: Bool
  /// What it is, for the history.
  let label: String

  /// Reads the files at `paths`. A graph all of whose inputs they hold runs on them; a denoiser runs
  /// along its own trajectory where the model has a scheduler, with what else it takes out of the
  /// files.
  ///
  /// - Throws: what reading a file throws; `JobError.inputFile` where no graph can use the files;
  ///   `DiffusionError` for a scheduler's configuration that is not supported.
  init(paths: [String], model: Model, recipe: Recipe) throws {
    let files = try paths.isEmpty ? nil : TensorFiles(paths: paths, prefix: "input.")
    let rollout = try RolloutPlan(model: model, settings: recipe.calibration)
    let limit = recipe.calibration.sampleCount
    provider = { component, graph in
      if let files, Self.fits(files, graph) {
        let inputs = try files.assigned(to: graph.requiredInputs, what: "inputs")
        let names = Set(graph.requiredInputs.map(\.name))
        return GivenCalibrationData(
          stacked: inputs.filter { names.contains($0.key) }, for: graph, limit: limit)
      }
      return try rollout?.data(for: graph, of: component, given: files?.named ?? [:])
    }
    let graphs = model.components.flatMap { component in
      component.graphs.map { (component: component, graph: $0) }
    }
    let isGiven = files.map { files in graphs.contains { Self.fits(files, $0.graph) } } ?? false
    let isRolled = rollout != nil && graphs.contains { $0.graph.isDenoiser }
    guard paths.isEmpty || isGiven || isRolled else {
      throw JobError.inputFile(
        path: paths[0],
        reason: "expected a tensor for each input of a graph: "
          + graphs.map { $0.graph.requiredInputs.map(\.name).joined(separator: ", ") }
          .joined(separator: " or "))
    }
    isAvailable = isGiven || isRolled
    label = isGiven ? "given inputs" : isRolled ? "rollout" : "none"
  }

  private static func fits(_ files: TensorFiles, _ graph: Graph) -> Bool {
    let unnamed = graph.requiredInputs.filter { files.named[$0.name] == nil }
    return unnamed.count == files.ordered.count
  }
}
