import Diffusion
import ModelGraph

extension SamplingRecord {
  /// Where a model carries its scheduler's configuration.
  static let configurationPath = "scheduler/scheduler_config.json"
}

extension Model {
  /// Writes `record` into the scheduler's configuration that its denoiser goes by.
  ///
  /// - Throws: `JobError.option` where the model carries none; `DiffusionError.configuration`.
  mutating func record(_ record: SamplingRecord) throws {
    let path = SamplingRecord.configurationPath
    let places = components.contains { $0.role == .student } ? ["student/\(path)", path] : [path]
    let paths = files.map(\.path)
    guard let index = places.compactMap({ paths.firstIndex(of: $0) }).first else {
      throw JobError.option(
        name: "--noise-correction",
        expected: "a model with a scheduler's configuration; give one with --scheduler",
        found: "none")
    }
    files[index].content = try record.written(
      into: files[index].content, file: files[index].path)
  }
}
