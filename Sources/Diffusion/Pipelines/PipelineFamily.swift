import ModelGraph

/// Families of pipelines, by how they turn a text into inputs of their denoiser.
enum PipelineFamily: Sendable {
  /// Stable Diffusion 1 and 2, latent consistency models: one CLIP text encoder.
  case stableDiffusion
  /// Stable Diffusion XL: two CLIP text encoders, the image's size.
  case stableDiffusionXL
  /// Stable Diffusion 3: two CLIP text encoders and T5.
  case stableDiffusion3
  /// FLUX.1: T5, and CLIP for the text as a whole.
  case flux
  /// PixArt-α and -Σ: T5 with its mask.
  case pixArt

  /// The family of a denoiser; nil for one that takes no text, or takes it in another way.
  init?(_ denoiser: Component, _ graph: Graph) {
    let inputs = Set(graph.inputs.map(\.name))
    switch denoiser.setting("_class_name")?.string {
    case "SD3Transformer2DModel": self = .stableDiffusion3
    case "FluxTransformer2DModel": self = .flux
    case _ where !inputs.contains("encoder_hidden_states"): return nil
    case "PixArtTransformer2DModel", "Transformer2DModel": self = .pixArt
    case _ where inputs.isSuperset(of: ["text_embeds", "time_ids"]): self = .stableDiffusionXL
    case _ where inputs.isDisjoint(with: ["text_embeds", "image_embeds", "hint"]):
      self = .stableDiffusion
    default: return nil
    }
  }
}
