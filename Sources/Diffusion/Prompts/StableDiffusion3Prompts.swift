import ModelGraph
import Tensors

/// Stable Diffusion 3 (`StableDiffusion3Pipeline`): the penultimate states of two CLIP encoders
/// beside each other, filled up to T5's width and followed by T5's; both projections. Without T5
/// zeros stand in its place.
struct StableDiffusion3Prompts: PromptRule {
  let encoders: [TextEncoder]
  let t5: TextEncoder?
  let skip: Int
  let tokenCount: Int
  /// The extent of a token: `joint_attention_dim`.
  let width: Int

  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]] {
    let encoded = try encoders.map {
      try $0.encode(texts, state: .penultimate, skip: skip)
    }
    let long = try t5?.encode(texts.map { .init(text: $0.content) }, length: tokenCount)
    let nothing = try Tensor(zeros: .float32, Shape(checking: [1, tokenCount, width]))
    return try texts.indices.map { index in
      let parts = encoded.map { $0[index] }
      let short = try Tensor.joined(parts.map(\.hidden), axis: 2).zeroPadded(to: width)
      let states = try Tensor.joined([short, long?[index].hidden ?? nothing], axis: 1)
      return [
        "encoder_hidden_states": states,
        "pooled_projections": try Tensor.joined(parts.compactMap(\.pooled), axis: 1),
      ]
    }
  }
}
