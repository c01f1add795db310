import Diffusion
import FileIO
import ModelGraph
import SafetensorsFormat
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
  private let given: ConditioningFiles

  init(_ job: SampleJob, progress: (String) -> Void) throws {
    self.job = job
    let loaded = try ModelLoader().load(path: job.model)
    model = try GenerationModel(
      loaded.model, role: job.role, scheduler: job.scheduler.map(AttachedFile.init(reading:)))
    (sampler, notes) = try job.options.sampler(for: model)
    given = try ConditioningFiles(paths: job.conditioning)
    progress("\(model.denoiser.label): preparing")
    denoiser = try model.makeDenoiser()
    decode = try model.decoder?.makeDecode()
  }

  /// Makes the images of these numbers, drawing noise from `random`.
  func make(_ numbers: Range<Int>, using random: inout TorchGenerator) throws -> GeneratedBatch {
    let noise = try random.normals(model.sampleShape(count: numbers.count, size: job.size))
    let labels = try model.classCount.map { try self.labels(numbers, of: $0) }
    var conditioning = given.conditioning(numbers)
    var free = given.unconditional(numbers)
    if let labels, let classCount = model.classCount {
      conditioning.inputs["class_labels"] = try Tensor(labels.map { Int64($0) })
      let none = job.options.nullClass ?? classCount - 1
      free.inputs["class_labels"] = try Tensor([Int64](repeating: Int64(none), count: labels.count))
    }
    let guided = GuidedDenoiser(denoiser, unconditional: free, scale: job.options.guidance)
    let result = try Trajectory(sampler: sampler, denoiser: guided, conditioning: conditioning)
      .walk(from: noise, using: &random)
    return GeneratedBatch(
      noise: noise, result: result, images: try decode?(result) ?? result, labels: labels)
  }

  private func labels(_ numbers: Range<Int>, of count: Int) throws -> [Int] {
    let classes = job.classes.isEmpty ? Array(0..<max(count - 1, 1)) : job.classes
    if let stranger = classes.first(where: { !(0..<count).contains($0) }) {
      throw JobError.option(
        name: "--class", expected: "0 to \(count - 1)", found: "\(stranger)")
    }
    return numbers.map { classes[$0 % classes.count] }
  }
}

/// Conditioning tensors out of safetensors files: one row for all images, or one an image.
struct ConditioningFiles {
  private static let negativePrefix = "negative."
  private let tensors: [String: Tensor]

  init(paths: [String]) throws {
    tensors = try TensorFiles(paths: paths, prefix: "input.").named
  }

  func conditioning(_ numbers: Range<Int>) -> Conditioning {
    Conditioning(
      tensors.filter { !$0.key.hasPrefix(Self.negativePrefix) }.mapValues { $0.rows(numbers) })
  }

  /// The tensors of no condition; those that have none of their own are the same.
  func unconditional(_ numbers: Range<Int>) -> Conditioning {
    var free = conditioning(numbers)
    for (name, tensor) in tensors where name.hasPrefix(Self.negativePrefix) {
      free.inputs[String(name.dropFirst(Self.negativePrefix.count))] = tensor.rows(numbers)
    }
    return free
  }
}

extension Tensor {
  /// The rows of these numbers, counted round; a single row stands for all.
  fileprivate func rows(_ numbers: Range<Int>) -> Tensor {
    guard let count = shape.dimensions.first, count > 1, numbers.upperBound <= count else {
      return self
    }
    let size = shape.elementCount(of: 1..<shape.rank)
    return Tensor(
      dtype, Shape([numbers.count] + shape.dimensions.dropFirst()), buffer: buffer,
      byteOffset: byteOffset + numbers.lowerBound * size * dtype.byteWidth)
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
