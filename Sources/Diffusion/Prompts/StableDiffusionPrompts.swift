import ModelGraph
import Tensors

/// Stable Diffusion 1 and 2 (diffusers' `StableDiffusionPipeline`): CLIP's last hidden state,
/// normalised, or an earlier one with the same normalisation.
struct StableDiffusionPrompts: PromptRule {
  let encoder: TextEncoder
  let skip: Int

  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]] {
    try encoder.encode(texts, state: .last, skip: skip).map {
      ["encoder_hidden_states": $0.hidden]
    }
  }
}
