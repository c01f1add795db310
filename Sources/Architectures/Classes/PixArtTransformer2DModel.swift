import ModelGraph

/// diffusers `PixArtTransformer2DModel`: a transformer over patches of a latent that attends to a
/// text, with one modulation for all blocks (Chen et al., *PixArt-α*, 2023; *PixArt-Σ*, 2024).
///
/// Inputs `hidden_states` `[batch, in_channels, height, width]`, `encoder_hidden_states` `[batch,
/// text_tokens, caption_channels]`, `timestep` `[batch]` (int64), where it is given
/// `encoder_attention_mask` `[batch, text_tokens]` (int64), and with additional conditions
/// `resolution` `[batch, 2]` and `aspect_ratio` `[batch, 1]`; output `out_sample`.
struct PixArtTransformer2DModel: Architecture {
  static let className = "PixArtTransformer2DModel"
  static let inertKeys = LatentTransformer.inertKeys.union(["num_embeds_ada_norm"])

  private let transformer: LatentTransformer
  private let crossSize: Int
  private let captionSize: Int?
  private let positionScale: Double
  private let hasSizeConditions: Bool

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    transformer = try LatentTransformer(
      configuration, norm: "ada_norm_single", sampleSize: 128, outputChannels: 8, epsilon: 1e-6)
    if configuration.has("cross_attention_dim"), configuration.raw("cross_attention_dim") == nil {
      throw configuration.value("cross_attention_dim", expected: "a number", nil)
    }
    crossSize = try configuration.int("cross_attention_dim", default: 1152)
    captionSize = try configuration.optionalInt("caption_channels")
    positionScale =
      try configuration.optionalDouble("interpolation_scale")
      ?? Double(max(transformer.sampleSize / 64, 1))
    hasSizeConditions = try configuration.bool(
      "use_additional_conditions", default: transformer.sampleSize == 128)
    try check(configuration)
  }

  private func check(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    guard positionScale > 0 else {
      throw configuration.value(
        "interpolation_scale", expected: "more than 0", found: "\(positionScale)")
    }
    if captionSize != nil, crossSize != transformer.size {
      throw configuration.value(
        "cross_attention_dim", expected: "\(transformer.size), as wide as projected captions",
        found: "\(crossSize)")
    }
    if hasSizeConditions, transformer.size % 3 != 0 {
      throw configuration.value(
        "use_additional_conditions", expected: "false where a token is no multiple of 3",
        found: "true")
    }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let size = transformer.size
    let latent = transformer.latent(network)
    let textAxes: [Dimension] = [.symbol("batch"), .symbol("text_tokens")]
    var text = network.input(
      "encoder_hidden_states", .float32, textAxes + [.fixed(captionSize ?? crossSize)])
    let timestep = network.input("timestep", .int64, [.symbol("batch")])
    let condition = try network.scope("adaln_single.emb") { () throws(ArchitectureError) in
      network.unsqueeze(
        try self.condition(network.cast(timestep, to: .float32), network), [1])
    }
    let parts = try network.modulations(condition, "adaln_single.linear", size, count: 6)
    if let captionSize {
      text = try network.timestepEmbedding(
        text, "caption_projection", captionSize, size, activation: .geluTanh)
    }
    let start = try network.patches(
      latent, "pos_embed", transformer.patches(scale: positionScale))
    let mask = network.maskBias(
      "encoder_attention_mask", extents: network.shape(text, 0..<2),
      queries: network.shape(start.tokens, 1..<2), penalty: -10000)
    var hidden = start.tokens
    for index in 0..<transformer.layers {
      hidden = try network.scope("transformer_blocks.\(index)") { () throws(ArchitectureError) in
        try block(hidden, parts, text, mask, network)
      }
    }
    let last = try tabled([condition, condition], network)
    hidden = network.modulated(
      try network.plainLayerNorm(hidden, size), shift: last[0], scale: last[1])
    try transformer.finish(hidden, "proj_out", start.extents, network)
    return [try network.finished()]
  }

  /// The embedding of the timestep, with those of size and aspect ratio beside each other: `[N,
  /// size]`.
  private func condition(
    _ timestep: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let sinusoids = SinusoidalEmbedding(size: 256, flipsSineToCosine: true, frequencyShift: 0)
    let time = try network.timestepEmbedding(
      network.sinusoids(timestep, sinusoids), "timestep_embedder", 256, transformer.size)
    guard hasSizeConditions else { return time }
    var parts: [String] = []
    let third = transformer.size / 3
    for (name, count) in [("resolution", 2), ("aspect_ratio", 1)] {
      let given = network.input(name, .float32, [.symbol("batch"), .fixed(count)])
      let embedded = try network.timestepEmbedding(
        network.sinusoids(network.reshape(given, [-1]), sinusoids), "\(name)_embedder", 256, third)
      parts.append(network.reshape(embedded, [-1, count * third]))
    }
    return network.add("Add", [time, network.concat(parts, axis: 1)])
  }

  /// Each of `parts` `[N, 1, size]` and the row of `scale_shift_table` in its place.
  private func tabled(
    _ parts: [String], _ network: NetworkBuilder
  ) throws(ArchitectureError) -> [String] {
    let table = try network.parameter("scale_shift_table", [parts.count, transformer.size])
    let rows = network.split(table, into: parts.count, axis: 0)
    return zip(parts, rows).map { network.add("Add", [$0, $1]) }
  }

  private func block(
    _ x: String, _ parts: [String], _ text: String, _ mask: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let size = transformer.size
    let own = try tabled(parts, network)
    let before = network.modulation(own, 0)
    let after = network.modulation(own, 3)
    func norm(_ x: String, _ name: String) throws(ArchitectureError) -> String {
      try network.layerNorm(
        x, name, size, epsilon: transformer.epsilon, affine: transformer.hasAffineNorms)
    }
    let normed = network.modulated(try norm(x, "norm1"), before)
    let mixed = try transformer.attention(
      normed, "attn1", context: normed, contextSize: size, network)
    var hidden = network.gatedSum(x, mixed, before.gate)
    let read = try transformer.attention(
      hidden, "attn2", context: text, contextSize: crossSize, mask: mask, network)
    hidden = network.add("Add", [read, hidden])
    let fed = try network.feedForward(
      network.modulated(try norm(hidden, "norm2"), after), "ff", size, transformer.activation)
    return network.gatedSum(hidden, fed, after.gate)
  }
}
