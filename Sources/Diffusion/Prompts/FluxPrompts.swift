import ModelGraph
import Tensors

/// FLUX.1 (`FluxPipeline`): T5's states, and CLIP's state at the end token.
struct FluxPrompts: PromptRule {
  let clip: TextEncoder
  let t5: TextEncoder
  let tokenCount: Int

  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]] {
    let pooled = try clip.encode(texts.map { .init(text: $0.content) })
    let states = try t5.encode(texts.map { .init(text: $0.content) }, length: tokenCount)
    return zip(states, pooled).map { state, whole in
      var inputs = ["encoder_hidden_states": state.hidden]
      inputs["pooled_projections"] = whole.pooled
      return inputs
    }
  }
}
