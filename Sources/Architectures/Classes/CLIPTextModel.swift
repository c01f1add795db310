import ModelGraph

/// transformers `CLIPTextModel`: the text encoder of Stable Diffusion 1 and 2 and the first of
/// SDXL.
///
/// Besides `CLIPTextNetwork`'s outputs `pooler_output` `[batch, hidden_size]`.
struct CLIPTextModel: Architecture {
  static let className = "CLIPTextModel"
  static let inertKeys = TransformersKeys.inert.union(["projection_dim"])

  private let text: CLIPTextNetwork

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    text = try CLIPTextNetwork(configuration)
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let pooled = try text.pooled(network)
    network.output(pooled, as: "pooler_output", [.symbol("batch"), .fixed(text.hiddenSize)])
    return [try network.finished()]
  }
}
