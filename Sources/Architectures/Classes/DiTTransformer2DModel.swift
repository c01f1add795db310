import ModelGraph

/// diffusers `DiTTransformer2DModel`: a transformer over patches of a latent, conditioned on a
/// timestep and a class by adaLN-Zero (Peebles and Xie 2023).
///
/// Inputs `hidden_states` `[batch, in_channels, height, width]`, `timestep` `[batch]` (int64),
/// `class_labels` `[batch]` (int64; `num_embeds_ada_norm` for no class); output `out_sample`.
struct DiTTransformer2DModel: Architecture {
  static let className = "DiTTransformer2DModel"
  static let inertKeys = LatentTransformer.inertKeys

  private let transformer: LatentTransformer
  private let classes: Int

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    transformer = try LatentTransformer(
      configuration, norm: "ada_norm_zero", sampleSize: 32, outputChannels: nil, epsilon: 1e-5)
    if configuration.has("num_embeds_ada_norm"), configuration.raw("num_embeds_ada_norm") == nil {
      throw configuration.value("num_embeds_ada_norm", expected: "a number", nil)
    }
    classes = try configuration.int("num_embeds_ada_norm", default: 1000)
    if let crossSize = configuration.raw("cross_attention_dim") {
      throw configuration.value("cross_attention_dim", expected: "null", crossSize)
    }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let latent = transformer.latent(network)
    let timestep = network.cast(
      network.input("timestep", .int64, [.symbol("batch")]), to: .float32)
    let label = network.input("class_labels", .int64, [.symbol("batch")])
    let start = try network.patches(latent, "pos_embed", transformer.patches(scale: 1))
    var hidden = start.tokens
    var first: String?
    for index in 0..<transformer.layers {
      (hidden, first) = try network.scope("transformer_blocks.\(index)") {
        () throws(ArchitectureError) in
        let condition = try self.condition(timestep, label, network)
        return (try block(hidden, condition, network), first ?? condition)
      }
    }
    // The last layer takes the first block's condition.
    let parts = try network.modulations(
      first ?? hidden, "proj_out_1", transformer.size, count: 2)
    hidden = network.modulated(
      try network.plainLayerNorm(hidden, transformer.size), shift: parts[0], scale: parts[1])
    try transformer.finish(hidden, "proj_out_2", start.extents, network)
    return [try network.finished()]
  }

  /// The sum of the embeddings of timestep and class: `[N, 1, size]`.
  private func condition(
    _ timestep: String, _ label: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    try network.scope("norm1.emb") { () throws(ArchitectureError) in
      let sinusoids = network.sinusoids(
        timestep, SinusoidalEmbedding(size: 256, flipsSineToCosine: true, frequencyShift: 1))
      let time = try network.timestepEmbedding(
        sinusoids, "timestep_embedder", 256, transformer.size)
      // One row more than classes: that of no class.
      let kind = try network.embedding(
        label, "class_embedder.embedding_table", count: classes + 1, size: transformer.size)
      return network.unsqueeze(network.add("Add", [time, kind]), [1])
    }
  }

  private func block(
    _ x: String, _ condition: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let size = transformer.size
    let parts = try network.modulations(condition, "norm1.linear", size, count: 6)
    let before = network.modulation(parts, 0)
    let after = network.modulation(parts, 3)
    let normed = network.modulated(try network.plainLayerNorm(x, size), before)
    let mixed = try transformer.attention(
      normed, "attn1", context: normed, contextSize: size, network)
    let hidden = network.gatedSum(x, mixed, before.gate)
    let again = network.modulated(
      try network.layerNorm(
        hidden, "norm3", size, epsilon: transformer.epsilon, affine: transformer.hasAffineNorms),
      after)
    let fed = try network.feedForward(again, "ff", size, transformer.activation)
    return network.gatedSum(hidden, fed, after.gate)
  }
}
