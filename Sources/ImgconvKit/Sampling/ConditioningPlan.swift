import Diffusion
import ModelGraph
import Tensors

/// What each image shall show: classes or prompts in turn, and tensors out of files.
struct ConditioningPlan {
  private static let negativePrefix = "negative."
  private let model: GenerationModel
  private let options: ConditioningOptions
  private let classes: [Int]
  private let tensors: [String: Tensor]
  private let texts: [PromptText: [String: Tensor]]

  /// The plan for `model`, whose text encoders are run if there are prompts.
  ///
  /// - Parameters:
  ///   - model: the denoiser.
  ///   - whole: the model with its text encoders and tokenizers.
  ///   - options: classes, prompts, files.
  /// - Throws: `JobError.option` for a class that the model does not have; `DiffusionError` for
  ///   prompts that it does not take; what reading files throws.
  init(_ model: GenerationModel, of whole: Model, _ options: ConditioningOptions) throws {
    self.model = model
    self.options = options
    tensors = try TensorFiles(paths: options.files, prefix: "input.").named
    let count = model.classCount ?? 0
    classes = options.classes.isEmpty ? Array(0..<max(count - 1, 1)) : options.classes
    let labels = classes + (options.nullClass.map { [$0] } ?? [])
    if model.classCount != nil, let stranger = labels.first(where: { !(0..<count).contains($0) }) {
      throw JobError.option(name: "--class", expected: "0 to \(count - 1)", found: "\(stranger)")
    }
    if model.classCount == nil, let first = options.classes.first {
      throw JobError.option(
        name: "--class", expected: "a model that takes class_labels", found: "\(first)")
    }
    texts =
      options.prompts.prompts.isEmpty
      ? [:]
      : try PromptEncoder(whole, for: model, options: options.prompts)
        .inputs(options.prompts.distinctTexts)
  }

  /// The classes of the images of these numbers; nil for a model without labels.
  func labels(_ numbers: Range<Int>) -> [Int]? {
    model.classCount == nil ? nil : numbers.map { classes[$0 % classes.count] }
  }

  /// The scale by which `denoiser`'s evaluations are combined: 1 where it takes the scale itself.
  func evaluationScale(_ guidance: Float) -> Float {
    model.takesGuidance && !tensors.keys.contains { Self.guidanceInputs.contains($0) }
      ? 1 : guidance
  }

  private static let guidanceInputs = ["timestep_cond", "guidance"]

  /// The condition of the images of these numbers, and that of none; what has no tensor of its own
  /// there is the same in both.
  ///
  /// - Parameters:
  ///   - shape: the noisy images, `[N, C, H, W]`.
  ///   - guidance: the guidance scale.
  func conditions(
    _ numbers: Range<Int>, shape: Shape, guidance: Float
  ) throws -> (given: Conditioning, none: Conditioning) {
    var given: [String: Tensor] = [:]
    var none: [String: Tensor] = [:]
    if !texts.isEmpty {
      given = try rows(numbers.map { options.prompts.prompt($0) })
      none = try rows(numbers.map { options.prompts.negative($0) })
    }
    for (name, tensor) in tensors where !name.hasPrefix(Self.negativePrefix) {
      given[name] = tensor.rows(numbers)
    }
    none.merge(given) { own, _ in own }
    for (name, tensor) in tensors where name.hasPrefix(Self.negativePrefix) {
      none[String(name.dropFirst(Self.negativePrefix.count))] = tensor.rows(numbers)
    }
    if let labels = labels(numbers), let count = model.classCount {
      given["class_labels"] = try Tensor(labels.map { Int64($0) })
      let label = Int64(options.nullClass ?? count - 1)
      none["class_labels"] = try Tensor([Int64](repeating: label, count: labels.count))
    }
    return (
      Conditioning(try model.completed(given, shape: shape, guidance: guidance)),
      Conditioning(
        try model.completed(none, shape: shape, guidance: guidance, isNegative: true))
    )
  }

  /// The inputs for `prompts`, one row each, or one row for all where they are equal.
  private func rows(_ prompts: [PromptText]) throws -> [String: Tensor] {
    let distinct = Set(prompts).count == 1 ? Array(prompts.prefix(1)) : prompts
    let inputs = distinct.compactMap { texts[$0] }
    var rows: [String: Tensor] = [:]
    for name in inputs.first?.keys.sorted() ?? [] {
      rows[name] = try Tensor.joined(inputs.compactMap { $0[name] }, axis: 0)
    }
    return rows
  }
}

extension Tensor {
  /// The rows of these numbers; a single row stands for all.
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
