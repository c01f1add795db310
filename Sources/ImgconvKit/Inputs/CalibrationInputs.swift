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

  /// Reads the files at `paths`; without any, takes the trajectory that the model's scheduler
  /// makes.
  ///
  /// - Throws: what reading a file throws; `JobError.inputFile` where no graph takes the inputs.
  init(paths: [String], model: Model, recipe: Recipe) throws {
    guard !paths.isEmpty else {
      provider = { _, _ in nil }
      isAvailable = false
      label = "none"
      return
    }
    let files = try TensorFiles(paths: paths, prefix: "input.")
    let limit = recipe.calibration.sampleCount
    let graphs = model.components.flatMap(\.graphs)
    guard graphs.contains(where: { Self.fits(files, $0) }) else {
      throw JobError.inputFile(
        path: paths[0],
        reason: "expected a tensor for each input of a graph: "
          + graphs.map { $0.requiredInputs.map(\.name).joined(separator: ", ") }
          .joined(separator: " or "))
    }
    provider = { _, graph in
      guard Self.fits(files, graph) else { return nil }
      let inputs = try files.assigned(to: graph.requiredInputs, what: "inputs")
      let names = Set(graph.requiredInputs.map(\.name))
      return GivenCalibrationData(
        stacked: inputs.filter { names.contains($0.key) }, for: graph, limit: limit)
    }
    isAvailable = true
    label = "given inputs"
  }

  private static func fits(_ files: TensorFiles, _ graph: Graph) -> Bool {
    let unnamed = graph.requiredInputs.filter { files.named[$0.name] == nil }
    return unnamed.count == files.ordered.count
  }
}
