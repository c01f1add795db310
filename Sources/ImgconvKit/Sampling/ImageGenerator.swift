import Diffusion
import FileIO
import ModelGraph
import Tensors

/// A batch of generated images.
struct GeneratedBatch {
  /// The noise that it began with, `[N, C, H, W]`.
  let noise: Tensor
  /// What the sampler gave: images, or latents.
  let result: Tensor
  /// The images, `[N, C, H, W]`, −1 … 1 but not clamped.
  let images: Tensor
  /// The classes shown; nil for a model without labels.
  let labels: [Int]?
}

/// A model made ready to generate images.
struct ImageGenerator {
  let model: GenerationModel
  let sampler: any Sampler
  let notes: [String]
  private let job: SampleJob
  private let denoiser: SessionDenoiser
  private let decode: ((Tensor) throws -> Tensor)?
  private let plan: ConditioningPlan

  init(_ job: SampleJob, progress: (String) -> Void) throws {
    self.job = job
    let loaded = try ModelLoader().load(path: job.model)
    model = try GenerationModel(
      loaded.model, role: job.role, scheduler: job.scheduler.map { try AttachedFile(reading: $0) })
    (sampler, notes) = try job.options.sampler(for: model)
    plan = try ConditioningPlan(
      model, classes: job.classes, nullClass: job.options.nullClass, paths: job.conditioning)
    progress("\(model.denoiser.label): preparing")
    denoiser = try model.makeDenoiser()
    decode = try model.decoder?.makeDecode()
  }

  /// Makes the images of these numbers, drawing noise from `random`.
  func make(_ numbers: Range<Int>, using random: inout TorchGenerator) throws -> GeneratedBatch {
    let noise = try random.normals(model.sampleShape(count: numbers.count, size: job.size))
    let (given, none) = try plan.conditions(numbers)
    let guided = GuidedDenoiser(denoiser, unconditional: none, scale: job.options.guidance)
    let result = try Trajectory(sampler: sampler, denoiser: guided, conditioning: given)
      .walk(from: noise, using: &random)
    return GeneratedBatch(
      noise: noise, result: result, images: try decode?(result) ?? result,
      labels: plan.labels(numbers))
  }
}

extension AttachedFile {
  /// The largest scheduler configuration that is read.
  private static let maximumByteCount: UInt64 = 64 << 20

  /// The file at `path`, whole.
  ///
  /// - Throws: `FileIOError`, `JobError.inputFile` for files of more than 64 MiB.
  init(reading path: String) throws {
    let file = try InputFile(path: path)
    guard file.size <= Self.maximumByteCount else {
      throw JobError.inputFile(
        path: path, reason: "expected at most \(Self.maximumByteCount) bytes, found \(file.size)")
    }
    self.init(path: path, content: try file.bytes(at: 0, count: Int(file.size)))
  }
}
