import ModelGraph
import Tensors

/// Stable Diffusion XL (`StableDiffusionXLPipeline`): the penultimate states of all encoders beside
/// each other, and the last encoder's projection of the text.
struct StableDiffusionXLPrompts: PromptRule {
  let encoders: [TextEncoder]
  let skip: Int
  /// Whether no negative prompt means zeros: `force_zeros_for_empty_prompt`.
  let absentIsZero: Bool

  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]] {
    let encoded = try encoders.map {
      try $0.encode(texts, state: .penultimate, skip: skip)
    }
    return try texts.indices.map { index in
      let parts = encoded.map { $0[index] }
      guard let pooled = parts.last?.pooled else {
        throw DiffusionError.graph(
          name: encoders.last?.component.label ?? "text_encoder", expected: "text_embeds",
          found: ["none"])
      }
      let inputs = [
        "encoder_hidden_states": try Tensor.joined(parts.map(\.hidden), axis: 2),
        "text_embeds": pooled,
      ]
      guard absentIsZero, texts[index] == .absent else { return inputs }
      return try inputs.mapValues { try Tensor(zeros: .float32, $0.shape) }
    }
  }
}
