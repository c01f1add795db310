import Diffusion
import Distillation
import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors

/// `imgconv distill`: a few-step student out of a teacher.
public struct DistillJob: Sendable {
  /// The teacher: an artifact, an ONNX file or a diffusers folder.
  public var teacher: String
  /// Where the student goes.
  public var output: String
  /// What shapes the training.
  public var settings: DistillationSettings
  /// A model whose weights the student starts from; nil for the teacher's.
  public var initialModel: String?
  /// The teacher's component; nil for the only denoiser.
  public var component: String?
  /// A scheduler configuration; nil for the one in the teacher.
  public var scheduler: String?
  /// Tensors of conditions, and of real images; nil for none.
  public var conditions: String?
  /// Real images as safetensors (`images`, and the conditions' rows as `labels`).
  public var data: String?
  /// The side of an image; nil for what the teacher declares.
  public var imageSize: Int?
  /// Every how many iterations a checkpoint is written; 0 for never.
  public var checkpointInterval = 100
  /// Every how many iterations a contact sheet is drawn; 0 for never.
  public var sheetInterval = 100
  /// The processes that train together, each on a batch of its own; nil for this one alone. The
  /// first of them writes all files.
  public var group: MessagePassing?
  /// Whether to go on from the checkpoint.
  public var resumes = false
  /// How the artifact is put into place, and whether a checkpoint may be replaced.
  public var outputPolicy = OutputPolicy()

  /// Describes a distillation.
  public init(teacher: String, output: String, settings: DistillationSettings) {
    self.teacher = teacher
    self.output = output
    self.settings = settings
  }
}

/// What a distillation did.
public struct DistillReport: Sendable {
  /// The artifact.
  public var artifact: ArtifactReport
  /// The iterations of this run.
  public var iterations: [IterationReport]
  /// The seconds that they took.
  public var seconds: Double
  /// The most memory the process held, in bytes.
  public var peakMemory: Int?
}

extension DistillJob {
  /// Where the training's state is kept.
  public var checkpointPath: String { "\(output).checkpoint" }

  /// Distils; nil in the processes of a group that write nothing.
  ///
  /// - Throws: `DistillationError`, the formats' errors, `JobError`, `FileIOError`.
  public func run(
    progress: @escaping (String, Double) -> Void, log: (IterationReport) -> Void = { _ in }
  ) throws -> DistillReport? {
    guard isWriter else {
      try follow(log)
      return nil
    }
    var inputs = [teacher, initialModel, scheduler, conditions, data].compactMap { $0 }
    inputs.removeAll { FolderInputs.isFolder($0) }
    let sink = try ArtifactSink(path: output, policy: outputPolicy, inputs: inputs)
    let source = try DistillationSource(self)
    let distiller = try source.distiller(settings, members)
    var history = TrainingHistory()
    let checkpoint = checkpoint(source)
    if !resumes { try checkpoint.requireAbsent(outputPolicy) }
    try begin(distiller, checkpoint, &history)
    let start = ContinuousClock.now
    let first = distiller.iteration
    try train(distiller, checkpoint, &history, source, progress, log)
    let seconds = (ContinuousClock.now - start).seconds
    let artifact = try sink.write(
      source.student(distiller, settings), notes: [], progress: progress)
    try history.write(to: output)
    checkpoint.remove()
    return DistillReport(
      artifact: artifact, iterations: Array(history.reports.dropFirst(first)), seconds: seconds,
      peakMemory: PeakMemory.byteCount)
  }

  /// Trains along with the process that writes.
  private func follow(_ log: (IterationReport) -> Void) throws {
    let source = try DistillationSource(self)
    let distiller = try source.distiller(settings, members)
    var history = TrainingHistory()
    try begin(distiller, checkpoint(source), &history)
    while distiller.iteration < settings.iterations { log(try distiller.iterate()) }
  }

  private var members: any ProcessGroup { group ?? SingleProcess() }

  private var isWriter: Bool { members.rank == 0 }

  private func checkpoint(_ source: DistillationSource) -> CheckpointFile {
    CheckpointFile(
      path: checkpointPath, settings: settings, teacher: source.teacherDigest,
      processCount: members.count)
  }

  private func begin(
    _ distiller: Distiller, _ checkpoint: CheckpointFile, _ history: inout TrainingHistory
  ) throws {
    if resumes { try checkpoint.restore(distiller, &history) }
    // Nobody trains, and so writes a checkpoint, before everybody has read the old one.
    try members.sum([Tensor([0] as [Float])])
  }

  private func train(
    _ distiller: Distiller, _ checkpoint: CheckpointFile, _ history: inout TrainingHistory,
    _ source: DistillationSource, _ progress: (String, Double) -> Void,
    _ log: (IterationReport) -> Void
  ) throws {
    while distiller.iteration < settings.iterations {
      let report = try distiller.iterate()
      history.reports.append(report)
      log(report)
      progress(
        "iteration \(report.iteration) of \(settings.iterations), loss \(report.loss), "
          + "rate \(report.rate)", Double(report.iteration) / Double(settings.iterations))
      let isLast = report.iteration == settings.iterations
      if sheetInterval > 0, report.iteration % sheetInterval == 0 || isLast {
        try SampleSheet(distiller, source.conditionCount, source.imageShape)
          .write(to: "\(output).png")
      }
      if checkpointInterval > 0, report.iteration % checkpointInterval == 0, !isLast {
        try checkpoint.write(distiller, history)
      }
    }
  }
}

extension Duration {
  /// The duration in seconds.
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
