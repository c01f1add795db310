import ModelGraph
import Tensors

/// Turns prompts into what a model's denoiser takes, by the model's own tokenizers and text
/// encoders.
public struct PromptEncoder {
  private let rule: any PromptRule

  /// The encoder for the denoiser of `generation`, a part of `model`.
  ///
  /// - Parameters:
  ///   - model: the model; its components `text_encoder`, `text_encoder_2`, `text_encoder_3` and the
  ///     attached folders `tokenizer` … are used.
  ///   - generation: the denoiser.
  ///   - options: how many layers are skipped, how many tokens T5 gets.
  /// - Throws: `DiffusionError.graph` where the denoiser takes no text or an encoder is lacking;
  ///   `.setting`, `.tokenizer`.
  public init(
    _ model: Model, for generation: GenerationModel, options: PromptOptions
  ) throws(DiffusionError) {
    let denoiser = generation.denoiser
    let parts = PipelineParts(model, role: denoiser.role)
    let found = model.components.map(\.label)
    func encoder(_ number: Int) throws(DiffusionError) -> TextEncoder {
      guard let encoder = try TextEncoder(parts, number: number) else {
        let name = number == 1 ? "text_encoder" : "text_encoder_\(number)"
        throw .graph(name: "prompt", expected: "a component \(name)", found: found)
      }
      return encoder
    }
    let skip = options.clipSkip
    switch PipelineFamily(denoiser, generation.graph) {
    case .stableDiffusion:
      rule = StableDiffusionPrompts(encoder: try encoder(1), skip: skip)
    case .stableDiffusionXL:
      let first = try TextEncoder(parts, number: 1)
      rule = StableDiffusionXLPrompts(
        encoders: [first, try encoder(2)].compactMap { $0 }, skip: skip,
        absentIsZero: parts.setting("force_zeros_for_empty_prompt")?.bool ?? true)
    case .stableDiffusion3:
      rule = StableDiffusion3Prompts(
        encoders: [try encoder(1), try encoder(2)], t5: try TextEncoder(parts, number: 3),
        skip: skip, tokenCount: options.tokenCount ?? 256,
        width: denoiser.count("joint_attention_dim") ?? 4096)
    case .flux:
      rule = FluxPrompts(
        clip: try encoder(1), t5: try encoder(2), tokenCount: options.tokenCount ?? 512)
    case .pixArt:
      let isSigma = parts.setting("_class_name")?.string?.contains("Sigma") == true
      rule = PixArtPrompts(
        t5: try encoder(1), tokenCount: options.tokenCount ?? (isSigma ? 300 : 120))
    case nil:
      throw .graph(
        name: "prompt", expected: "a denoiser that takes a text",
        found: generation.graph.inputs.map(\.name))
    }
  }

  /// The denoiser's inputs for each of `texts`, one row each; equal texts are encoded once.
  ///
  /// - Throws: `DiffusionError`, the runtime's errors.
  public func inputs(_ texts: [PromptText]) throws -> [PromptText: [String: Tensor]] {
    let distinct = texts.reduce(into: [PromptText]()) { list, text in
      if !list.contains(text) { list.append(text) }
    }
    return Dictionary(
      uniqueKeysWithValues: zip(distinct, try rule.inputs(distinct)).map { ($0, $1) })
  }
}
