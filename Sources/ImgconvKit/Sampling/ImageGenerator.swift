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
  private let denoiser: any Denoiser
  private let decode: ((Tensor) throws -> Tensor)?
  private let plan: ConditioningPlan

  init(_ job: SampleJob, progress: (String) -> Void) throws {
    self.job = job
    let loaded = try ModelLoader().load(path: job.model)
    model = try GenerationModel(
      loaded.model, role: job.role, scheduler: job.scheduler.map { try AttachedFile(reading: $0) })
    let shape = try model.sampleShape(count: 1, extents: job.extents)
    (sampler, notes) = try job.options.sampler(for: model, shape: shape)
    if !job.conditions.prompts.prompts.isEmpty { progress("encoding prompts") }
    // Text encoders are in memory before the denoiser is, not beside it.
    plan = try ConditioningPlan(model, of: loaded.model, job.conditions)
    progress("\(model.denoiser.label): preparing")
    denoiser = try model.makeDenoiser()
    decode = try model.decoder?.makeDecode()
  }

  /// Makes the images of these numbers, drawing noise from `random`.
  func make(_ numbers: Range<Int>, using random: inout TorchGenerator) throws -> GeneratedBatch {
    let shape = try model.sampleShape(count: numbers.count, extents: job.extents)
    let noise = try random.normals(shape)
    let guidance = job.options.guidance
    let (given, none) = try plan.conditions(numbers, shape: shape, guidance: guidance)
    let guided = GuidedDenoiser(
      denoiser, unconditional: none, scale: plan.evaluationScale(guidance))
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
