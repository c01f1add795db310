import ModelGraph

/// What DiT and PixArt have in common: patches of a latent, blocks of one kind, patches again.
struct LatentTransformer {
  let heads: Int
  let headSize: Int
  let inputChannels: Int
  let outputChannels: Int
  let layers: Int
  let patch: Int
  /// The side of the latents trained with.
  let sampleSize: Int
  let activation: FeedForwardActivation
  let hasAttentionBias: Bool
  let hasAffineNorms: Bool
  let epsilon: Double

  /// Reads the keys of both, those of the older class `Transformer2DModel` among them.
  ///
  /// - Throws: `ArchitectureError.value`.
  init(
    _ configuration: ConfigurationReader, norm: String, sampleSize: Int, outputChannels: Int?,
    epsilon: Double
  ) throws(ArchitectureError) {
    heads = try configuration.int("num_attention_heads", default: 16)
    headSize = try configuration.int("attention_head_dim", default: 72)
    inputChannels = try configuration.int("in_channels", default: 4)
    let isNull = configuration.has("out_channels") && configuration.raw("out_channels") == nil
    self.outputChannels = try configuration.int(
      "out_channels", default: isNull ? inputChannels : outputChannels ?? inputChannels)
    layers = try configuration.int(
      "num_layers", default: 28, in: 1...ConfigurationReader.maximumCount)
    patch = try configuration.int("patch_size", default: 2)
    self.sampleSize = try configuration.int("sample_size", default: sampleSize)
    activation = try configuration.choice("activation_fn", default: .geluTanh)
    hasAttentionBias = try configuration.bool("attention_bias", default: true)
    hasAffineNorms = try configuration.bool("norm_elementwise_affine", default: false)
    self.epsilon = try configuration.double("norm_eps", default: epsilon)
    try configuration.require("norm_type", is: .string(norm))
    try configuration.require("attention_type", is: "default")
    for key in ["double_self_attention", "only_cross_attention", "use_linear_projection"] {
      try configuration.require(key, is: false)
    }
    if let vectors = configuration.raw("num_vector_embeds") {
      throw configuration.value("num_vector_embeds", expected: "null", vectors)
    }
    guard patch <= self.sampleSize else {
      throw configuration.value(
        "patch_size", expected: "at most sample_size \(self.sampleSize)", found: "\(patch)")
    }
  }

  /// Keys that change nothing: all arithmetic is in fp32, groups are of no layer here.
  static let inertKeys: Set<String> = ["dropout", "norm_num_groups", "upcast_attention"]

  /// The extent of a token.
  var size: Int { heads * headSize }

  /// How the latent becomes tokens.
  func patches(scale: Double) -> PatchEmbedding {
    PatchEmbedding(
      channels: inputChannels, patch: patch, size: size,
      positions: .computed(base: sampleSize / patch, scale: scale))
  }

  /// Declares the latent.
  func latent(_ network: NetworkBuilder) -> String {
    network.input(
      "hidden_states", .float32,
      [.symbol("batch"), .fixed(inputChannels), .symbol("height"), .symbol("width")])
  }

  /// Projects tokens by `name` to patches and declares the image they make as the output.
  func finish(
    _ tokens: String, _ name: String, _ extents: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) {
    let projected = try network.linear(tokens, name, size, patch * patch * outputChannels)
    network.output(
      network.image(
        fromPatches: projected, extents: extents, patch: patch, channels: outputChannels),
      as: "out_sample",
      [.symbol("batch"), .fixed(outputChannels), .symbol("height"), .symbol("width")])
  }

  /// to_out.0(attention(to_q x, to_k context, to_v context)) of the parameters `name`.
  func attention(
    _ x: String, _ name: String, context: String, contextSize: Int, mask: String? = nil,
    _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    try network.scope(name) { () throws(ArchitectureError) in
      let mixed = network.attention(
        query: try network.linear(x, "to_q", size, size, bias: hasAttentionBias),
        key: try network.linear(context, "to_k", contextSize, size, bias: hasAttentionBias),
        value: try network.linear(context, "to_v", contextSize, size, bias: hasAttentionBias),
        heads: heads, mask: mask)
      return try network.linear(mixed, "to_out.0", size, size)
    }
  }
}
