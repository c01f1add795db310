import Distillation
import FileIO
import Foundation
import SafetensorsFormat
import Tensors

/// The file that a training goes on from (`formats/distillation.md`): a safetensors file whose
/// metadata tell the iteration, the settings and the teacher.
struct CheckpointFile {
  let path: String
  let settings: DistillationSettings
  let teacher: String
  /// How many processes train together.
  let processCount: Int

  /// Writes the state of `distiller`; an older checkpoint is replaced at once or not at all.
  func write(_ distiller: Distiller, _ history: TrainingHistory) throws {
    let state = distiller.state
    try SafetensorsWriter.write(
      TensorSet(state.tensors), to: path,
      metadata: [
        "format": "imgconv distillation 1", "iteration": "\(state.iteration)",
        "settings": settings.yaml, "teacher": teacher,
        "processes": "\(processCount)", "metrics": history.csv,
      ], policy: .replacing)
  }

  /// Puts `distiller` where the checkpoint stands.
  ///
  /// - Throws: `DistillationError.otherRun` for a checkpoint of other settings or another teacher;
  ///   `SafetensorsError`.
  func restore(_ distiller: Distiller, _ history: inout TrainingHistory) throws {
    let file = try SafetensorsFile(path: path)
    for (key, expected) in [
      ("format", "imgconv distillation 1"), ("settings", settings.yaml), ("teacher", teacher),
      ("processes", "\(processCount)"),
    ] where file.metadata[key] != expected {
      throw DistillationError.otherRun(
        expected: "\(key) \(expected)", found: file.metadata[key] ?? "none")
    }
    guard let iteration = file.metadata["iteration"].flatMap({ Int($0) }), iteration >= 0 else {
      throw DistillationError.otherRun(expected: "an iteration", found: "none")
    }
    try distiller.restore(
      DistillationState(iteration: iteration, like: distiller.state, from: file))
    history.reports = try TrainingHistory.reports(csv: file.metadata["metrics"] ?? "")
  }

  /// Refuses to begin anew where a checkpoint is.
  func requireAbsent(_ policy: OutputPolicy) throws {
    guard !policy.replacesExisting, FileManager.default.fileExists(atPath: path) else { return }
    throw JobError.option(
      name: "--resume", expected: "it, or --force to begin anew, since there is a checkpoint",
      found: path)
  }

  /// Removes the checkpoint of a training that is done.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
