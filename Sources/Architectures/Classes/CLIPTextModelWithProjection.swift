import ModelGraph

/// transformers `CLIPTextModelWithProjection`: the text encoder with CLIP's projection into the
/// space shared with images, SDXL's second and Stable Diffusion 3's first two.
///
/// Besides `CLIPTextNetwork`'s outputs `text_embeds` `[batch, projection_dim]`.
struct CLIPTextModelWithProjection: Architecture {
  static let className = "CLIPTextModelWithProjection"
  static let inertKeys = TransformersKeys.inert

  private let text: CLIPTextNetwork
  private let projectionSize: Int

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    text = try CLIPTextNetwork(configuration)
    projectionSize = try configuration.int("projection_dim", default: 512)
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let pooled = try text.pooled(network)
    let projected = try network.linear(
      pooled, "text_projection", text.hiddenSize, projectionSize, bias: false)
    network.output(projected, as: "text_embeds", [.symbol("batch"), .fixed(projectionSize)])
    return [try network.finished()]
  }
}
