import ModelGraph

/// diffusers `FluxTransformer2DModel`: blocks with separate parameters for image and text, then
/// blocks over both as one run of tokens (Black Forest Labs 2024).
///
/// Inputs `hidden_states` `[batch, image_tokens, in_channels]`, `encoder_hidden_states` `[batch,
/// text_tokens, joint_attention_dim]`, `pooled_projections` `[batch, pooled_projection_dim]`,
/// `timestep` `[batch]` (fp32, 0 to 1), `img_ids` `[image_tokens, axes]` and `txt_ids`
/// `[text_tokens, axes]` (fp32 places), with `guidance_embeds` `guidance` `[batch]` (fp32); output
/// `out_sample` `[batch, image_tokens, patch_size² · out_channels]`.
struct FluxTransformer2DModel: Architecture {
  static let className = "FluxTransformer2DModel"

  private let heads: AttentionHeads
  private let inputChannels: Int
  private let outputSize: Int
  private let layers: Int
  private let singleLayers: Int
  private let textSize: Int
  private let pooledSize: Int
  private let hasGuidance: Bool
  private let axisSizes: [Int]

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    heads = AttentionHeads(
      count: try configuration.int("num_attention_heads", default: 24),
      size: try configuration.int("attention_head_dim", default: 128), norm: .rootMeanSquare)
    inputChannels = try configuration.int("in_channels", default: 64)
    let patch = try configuration.int("patch_size", default: 1)
    outputSize =
      patch * patch * (try configuration.optionalInt("out_channels") ?? inputChannels)
    let counts = 0...ConfigurationReader.maximumCount
    layers = try configuration.int("num_layers", default: 19, in: counts)
    singleLayers = try configuration.int("num_single_layers", default: 38, in: counts)
    textSize = try configuration.int("joint_attention_dim", default: 4096)
    pooledSize = try configuration.int("pooled_projection_dim", default: 768)
    hasGuidance = try configuration.bool("guidance_embeds", default: false)
    axisSizes = try configuration.ints("axes_dims_rope", default: [16, 56, 56])
    guard axisSizes.allSatisfy({ $0 % 2 == 0 }), axisSizes.reduce(0, +) == heads.size else {
      throw configuration.value(
        "axes_dims_rope", expected: "even numbers that add up to \(heads.size)",
        found: "\(axisSizes)")
    }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let batch = Dimension.symbol("batch")
    let given = network.input(
      "hidden_states", .float32, [batch, .symbol("image_tokens"), .fixed(inputChannels)])
    let prompt = network.input(
      "encoder_hidden_states", .float32, [batch, .symbol("text_tokens"), .fixed(textSize)])
    let condition = try self.condition(network)
    let positions = self.positions(network, like: given)
    var image = try network.linear(given, "x_embedder", inputChannels, heads.width)
    var text = try network.linear(prompt, "context_embedder", textSize, heads.width)
    for index in 0..<layers {
      (image, text) = try network.scope("transformer_blocks.\(index)") {
        () throws(ArchitectureError) in
        try doubleBlock(image, text, condition, positions, network)
      }
    }
    var tokens = network.concat([text, image], axis: 1)
    for index in 0..<singleLayers {
      tokens = try network.scope("single_transformer_blocks.\(index)") {
        () throws(ArchitectureError) in
        try singleBlock(tokens, condition, positions, network)
      }
    }
    image = network.cut(tokens, after: text).tail
    image = try network.continuousNorm(image, "norm_out", condition, heads.width)
    network.output(
      try network.linear(image, "proj_out", heads.width, outputSize), as: "out_sample",
      [batch, .symbol("image_tokens"), .fixed(outputSize)])
    return [try network.finished()]
  }

  /// Timestep and guidance count in thousandths.
  private func condition(_ network: NetworkBuilder) throws(ArchitectureError) -> String {
    let batch = Dimension.symbol("batch")
    let pooled = network.input("pooled_projections", .float32, [batch, .fixed(pooledSize)])
    func thousandfold(_ name: String) -> String {
      network.add("Mul", [network.input(name, .float32, [batch]), network.real(1000)])
    }
    return try network.textTimeCondition(
      timestep: thousandfold("timestep"), guidance: hasGuidance ? thousandfold("guidance") : nil,
      pooled: pooled, pooledSize: pooledSize, size: heads.width)
  }

  /// The text's places come before the image's.
  private func positions(_ network: NetworkBuilder, like latent: String) -> RotaryPositions {
    let axes = Dimension.fixed(axisSizes.count)
    let image = network.input("img_ids", .float32, [.symbol("image_tokens"), axes])
    let text = network.input("txt_ids", .float32, [.symbol("text_tokens"), axes])
    return network.rotaryPositions(
      network.concat([text, image], axis: 0), sizes: axisSizes, like: latent)
  }

  private func doubleBlock(
    _ image: String, _ text: String, _ condition: String, _ positions: RotaryPositions,
    _ network: NetworkBuilder
  ) throws(ArchitectureError) -> (image: String, text: String) {
    let size = heads.width
    let parts = try network.modulations(condition, "norm1.linear", size, count: 6)
    let textParts = try network.modulations(condition, "norm1_context.linear", size, count: 6)
    let normed = network.modulated(
      try network.plainLayerNorm(image, size), network.modulation(parts, 0))
    let normedText = network.modulated(
      try network.plainLayerNorm(text, size), network.modulation(textParts, 0))
    let mixed = try network.scope("attn") { () throws(ArchitectureError) in
      let all = network.joined(
        try network.addedOperands(normedText, heads), try network.ownOperands(normed, heads))
      let both = network.cut(
        network.attention(network.rotated(all, positions), heads), after: text)
      return (
        image: try network.linear(both.tail, "to_out.0", size, size),
        text: try network.linear(both.head, "to_add_out", size, size)
      )
    }
    let shown = network.gatedSum(image, mixed.image, parts[2])
    let read = network.gatedSum(text, mixed.text, textParts[2])
    return (
      try network.fed(shown, "ff", size, network.modulation(parts, 3)),
      try network.fed(read, "ff_context", size, network.modulation(textParts, 3))
    )
  }

  /// x + gate · proj_out(attention, gelu(proj_mlp)), both of the same normalised tokens.
  private func singleBlock(
    _ x: String, _ condition: String, _ positions: RotaryPositions, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let size = heads.width
    let parts = try network.modulations(condition, "norm.linear", size, count: 3)
    let normed = network.modulated(
      try network.plainLayerNorm(x, size), network.modulation(parts, 0))
    let inner = network.activation(
      .geluTanh, try network.linear(normed, "proj_mlp", size, size * 4))
    let mixed = try network.scope("attn") { () throws(ArchitectureError) in
      network.attention(
        network.rotated(try network.ownOperands(normed, heads), positions), heads)
    }
    let changed = try network.linear(
      network.concat([mixed, inner], axis: 2), "proj_out", size * 5, size)
    return network.gatedSum(x, changed, parts[2])
  }
}
