import ArgumentParser
import FileIO
import ImgconvKit
import ModelGraph

/// `imgconv sample`.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Generate images.",
    discussion: """
      Noise comes from PyTorch's CPU generator, bit for bit, so that a seed begins where it does in \
      diffusers (formats/sampling.md). Students are sampled by Imagine Flash's few-step sampler \
      with noise correction, other models by their scheduler's own class. The output folder gets a \
      PNG for each image and a contact sheet, sheet.png.
      """)

  @Argument(help: "An .imgc or .onnx file, or a diffusers folder.")
  var model: String

  @Option(help: "teacher or student, where the model holds both.")
  var role: Role?

  @Option(help: "How many steps.")
  var steps: Int = 3

  @Option(help: "The seed.")
  var seed: UInt64 = 0

  @Option(help: "How many images.")
  var count = 1

  @Option(help: "How many images to make at once.")
  var batch = 16

  @Option(name: .shortAndLong, help: "The folder for PNGs and the contact sheet.")
  var output: String?

  @Option(help: "Write noise, results, images and labels here, as safetensors.")
  var raw: String?

  @Option(help: "A classifier (logits, features) that judges the images.")
  var metricModel: String?

  @Option(help: "Mean and covariance of the classifier's features over real images (safetensors).")
  var referenceFeatures: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var prompts: PromptArguments
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    for (name, value) in [("--count", count), ("--batch", batch), ("--steps", steps)] {
      guard (1...1_000_000).contains(value) else {
        throw ValidationError("\(name): expected 1 to 1000000, found \(value)")
      }
    }
    guard referenceFeatures == nil || metricModel != nil else {
      throw ValidationError("--reference-features: needs --metric-model")
    }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    let job = SampleJob(
      model: model, role: role, scheduler: sampling.scheduler,
      options: try sampling.options(steps: steps), conditions: try prompts.conditions(),
      seed: seed, count: count, batch: batch, extents: prompts.extents,
      output: output, raw: raw, metricModel: metricModel, referenceFeatures: referenceFeatures,
      outputPolicy: outputOptions.policy)
    let report = try job.run { progress.show($0) }
    progress.clear()
    if json { try JSONReport.print(SampleDocument(report)) } else { print(text(report)) }
  }

  private func text(_ report: SampleReport) -> String {
    let times = report.timesteps.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
    let shown = times.prefix(6).joined(separator: ", ") + (times.count > 6 ? ", …" : "")
    var lines = [
      "\(report.component): \(report.count) images of shape \(report.imageShape), "
        + "\(times.count) steps at \(shown)"
    ]
    lines += report.notes.map { "note: \($0)" }
    if let scores = report.scores {
      if let accuracy = scores.accuracy {
        lines.append("accuracy \(Quantities.significant(accuracy, 4)) of \(scores.count) images")
      }
      if let distance = scores.frechetDistance {
        lines.append("Fréchet distance \(Quantities.significant(distance, 4))")
      }
    }
    return (lines + report.files.map(\.escapedForDisplay)).joined(separator: "\n")
  }
}

/// The report of a generation as JSON.
private struct SampleDocument: Encodable {
  let component: String
  let timesteps: [Float]
  let count: Int
  let imageShape: [Int]
  let files: [String]
  let accuracy: Double?
  let frechetDistance: Double?
  let notes: [String]

  init(_ report: SampleReport) {
    component = report.component
    timesteps = report.timesteps
    count = report.count
    imageShape = report.imageShape
    files = report.files
    accuracy = report.scores?.accuracy
    frechetDistance = report.scores?.frechetDistance
    notes = report.notes
  }
}
