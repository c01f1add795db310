import ArgumentParser
import Distillation
import FileIO
import Foundation
import ImgconvKit

/// `imgconv distill`.
struct DistillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Train a few-step student on its own trajectory.",
    discussion: """
      Imagine Flash's backward distillation (arXiv 2405.05224): the student starts from the \
      teacher's weights, walks from noise on its own grid of one to a few steps, and learns at each \
      point what the teacher makes of its estimate. Every setting can stand in a YAML file \
      (--settings); options go before it.

      Beside the student are written a table (.csv) and a curve (.svg) of the loss and a contact \
      sheet (.png). A run that was killed goes on from its checkpoint with --resume and ends in the \
      same bytes.

        imgconv distill teacher.imgc -o student.imgc --steps 1,2,3
      """)

  @Argument(help: "The teacher: an artifact, an ONNX file or a diffusers folder.")
  var teacher: String

  @Option(name: .shortAndLong, help: "Where the student goes.")
  var output: String

  @Option(help: "A YAML file of settings.")
  var settings: String?

  @Option(help: "The numbers of steps the student learns, such as 3 or 1,2,3.")
  var steps: String?

  @Option(help: "How many iterations to train.")
  var iterations: Int?

  @Option(help: "How many images an iteration has.")
  var batch: Int?

  @Option(help: "What all random numbers follow from.")
  var seed: UInt64?

  @Option(help: "The highest learning rate.")
  var learningRate: Float?

  @Option(help: "Where inputs come from: backward (the student's steps) or forward (--data).")
  var trajectory: TrajectorySource?

  @Option(help: "How the teacher's time follows from the student's: identity or linear.")
  var shift: TimeShift.Form?

  @Option(help: "The scale of classifier-free guidance in the teacher's target.")
  var guidanceScale: Float?

  @Option(help: "How often the teacher is asked for a target.")
  var teacherEvaluations: Int?

  @Option(help: "Quantize in the forward pass: int8.")
  var quantize: QuantizedTraining?

  @Option(help: "What the adversarial term counts beside the reconstruction; 0 for none.")
  var adversarialWeight: Float?

  @Option(
    help: "The share of iterations whose target starts from the student's re-noised estimate.")
  var reconstructionShare: Float?

  @Flag(help: "Train over the processes that mpirun started, each with a batch of its own.")
  var mpi = false

  @OptionGroup var sources: DistillSourceOptions
  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func run() throws {
    let progress = try compute.begin()
    var job = DistillJob(teacher: teacher, output: output, settings: try resolvedSettings())
    sources.apply(to: &job)
    if mpi { job.group = try MessagePassing() }
    job.outputPolicy = outputOptions.policy
    let report = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    job.group?.end()
    if let report { print(DistillText.summary(report)) }
  }

  private func resolvedSettings() throws -> DistillationSettings {
    var resolved = DistillationSettings()
    if let settings {
      let file = try InputFile(path: settings)
      let bytes = try file.bytes(at: 0, count: Int(min(file.size, 1 << 20)))
      resolved = try DistillationSettings(yaml: String(decoding: bytes, as: UTF8.self))
    }
    if let steps {
      let numbers = steps.split(separator: ",").map { Int($0) }
      guard !numbers.contains(nil), !numbers.isEmpty else {
        throw ValidationError("--steps: expected numbers such as 1,2,3, found \(steps)")
      }
      resolved.steps = numbers.compactMap { $0 }
    }
    resolved.iterations = iterations ?? resolved.iterations
    resolved.batch = batch ?? resolved.batch
    resolved.seed = seed ?? resolved.seed
    resolved.learningRate = learningRate ?? resolved.learningRate
    resolved.trajectory = trajectory ?? resolved.trajectory
    resolved.shift.form = shift ?? resolved.shift.form
    resolved.guidanceScale = guidanceScale ?? resolved.guidanceScale
    resolved.teacherEvaluations = teacherEvaluations ?? resolved.teacherEvaluations
    resolved.adversarialWeight = adversarialWeight ?? resolved.adversarialWeight
    resolved.reconstructionShare = reconstructionShare ?? resolved.reconstructionShare
    if quantize != nil { resolved.quantizes = true }
    return resolved
  }
}

/// Where a distillation's networks and images come from, and how often it reports.
struct DistillSourceOptions: ParsableArguments {
  @Option(help: "A model whose weights the student starts from (default: the teacher's).")
  var initFrom: String?

  @Option(help: "The teacher's component, where there are several denoisers.")
  var component: String?

  @Option(help: "A scheduler_config.json (default: the teacher's own).")
  var scheduler: String?

  @Option(help: "Safetensors with a table of conditions for each further input of the networks.")
  var conditions: String?

  @Option(help: "Safetensors of real images and their labels, for forward distillation.")
  var data: String?

  @Option(help: "The side of an image (default: what the teacher declares).")
  var size: Int?

  @Option(help: "Every how many iterations to write a checkpoint; 0 for never.")
  var checkpointInterval = 100

  @Option(help: "Every how many iterations to draw a contact sheet; 0 for never.")
  var sheetInterval = 100

  @Flag(help: "Go on from the checkpoint of a run that was stopped.")
  var resume = false

  /// Puts the options into `job`.
  func apply(to job: inout DistillJob) {
    job.initialModel = initFrom
    job.component = component
    job.scheduler = scheduler
    job.conditions = conditions
    job.data = data
    job.imageSize = size
    job.checkpointInterval = checkpointInterval
    job.sheetInterval = sheetInterval
    job.resumes = resume
  }
}

/// What a quantization-aware training quantizes to.
enum QuantizedTraining: String, ExpressibleByArgument, CaseIterable {
  case int8
}

extension TrajectorySource: ExpressibleByArgument {}
extension TimeShift.Form: ExpressibleByArgument {}
