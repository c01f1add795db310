import ModelGraph

/// diffusers `SD3Transformer2DModel`: patches of a latent and a text in one attention (Esser et al.,
/// *Scaling Rectified Flow Transformers*, 2024), with a second attention over patches alone in
/// Stable Diffusion 3.5.
///
/// Inputs `hidden_states` `[batch, in_channels, height, width]`, `encoder_hidden_states` `[batch,
/// text_tokens, joint_attention_dim]`, `pooled_projections` `[batch, pooled_projection_dim]`,
/// `timestep` `[batch]` (fp32); output `out_sample`.
struct SD3Transformer2DModel: Architecture {
  static let className = "SD3Transformer2DModel"

  private let patches: PatchEmbedding
  private let heads: AttentionHeads
  private let layers: Int
  private let textSize: Int
  private let pooledSize: Int
  private let outputChannels: Int
  private let dualLayers: Set<Int>

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    heads = AttentionHeads(
      count: try configuration.int("num_attention_heads", default: 18),
      size: try configuration.int("attention_head_dim", default: 64),
      norm: try Self.norm(configuration))
    layers = try configuration.int(
      "num_layers", default: 18, in: 1...ConfigurationReader.maximumCount)
    textSize = try configuration.int("joint_attention_dim", default: 4096)
    pooledSize = try configuration.int("pooled_projection_dim", default: 2048)
    patches = try Self.patches(configuration, size: heads.width)
    let isNull = configuration.has("out_channels") && configuration.raw("out_channels") == nil
    outputChannels = try configuration.int(
      "out_channels", default: isNull ? patches.channels : 16)
    dualLayers = try Self.dualLayers(configuration)
    let captionSize = try configuration.int("caption_projection_dim", default: 1152)
    guard captionSize == heads.width else {
      throw configuration.value(
        "caption_projection_dim", expected: "\(heads.width), the extent of all heads",
        found: "\(captionSize)")
    }
  }

  private static func norm(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> QueryKeyNorm? {
    guard configuration.raw("qk_norm") != nil else { return nil }
    return try configuration.choice("qk_norm")
  }

  private static func patches(
    _ configuration: ConfigurationReader, size: Int
  ) throws(ArchitectureError) -> PatchEmbedding {
    let patch = try configuration.int("patch_size", default: 2)
    let sampleSize = try configuration.int("sample_size", default: 128)
    let isNull =
      configuration.has("pos_embed_max_size") && configuration.raw("pos_embed_max_size") == nil
    let side = try configuration.int("pos_embed_max_size", default: 96, in: 1...4096)
    guard patch <= sampleSize else {
      throw configuration.value(
        "patch_size", expected: "at most sample_size \(sampleSize)", found: "\(patch)")
    }
    return PatchEmbedding(
      channels: try configuration.int("in_channels", default: 16), patch: patch, size: size,
      positions: isNull
        ? .computed(base: sampleSize / patch, scale: 1) : .stored(side: side))
  }

  private static func dualLayers(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> Set<Int> {
    let listed = try configuration.optionalList("dual_attention_layers") ?? []
    let numbers = listed.compactMap(\.int)
    guard numbers.count == listed.count else {
      throw configuration.value(
        "dual_attention_layers", expected: "a list of whole numbers", .array(listed))
    }
    return Set(numbers)
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let batch = Dimension.symbol("batch")
    let planes: [Dimension] = [.symbol("height"), .symbol("width")]
    let latent = network.input(
      "hidden_states", .float32, [batch, .fixed(patches.channels)] + planes)
    let given = network.input(
      "encoder_hidden_states", .float32, [batch, .symbol("text_tokens"), .fixed(textSize)])
    let pooled = network.input("pooled_projections", .float32, [batch, .fixed(pooledSize)])
    let timestep = network.input("timestep", .float32, [batch])
    let start = try network.patches(latent, "pos_embed", patches)
    let condition = try network.textTimeCondition(
      timestep: timestep, guidance: nil, pooled: pooled, pooledSize: pooledSize,
      size: heads.width)
    var image = start.tokens
    var text = try network.linear(given, "context_embedder", textSize, heads.width)
    for index in 0..<layers {
      let block = JointBlock(
        heads: heads, isLast: index == layers - 1, hasOwnAttention: dualLayers.contains(index))
      (image, text) = try network.scope("transformer_blocks.\(index)") {
        () throws(ArchitectureError) in
        try network.jointBlock(image, text, condition, block)
      }
    }
    image = try network.continuousNorm(image, "norm_out", condition, heads.width)
    let count = patches.patch * patches.patch * outputChannels
    let projected = try network.linear(image, "proj_out", heads.width, count)
    network.output(
      network.image(
        fromPatches: projected, extents: start.extents, patch: patches.patch,
        channels: outputChannels),
      as: "out_sample", [batch, .fixed(outputChannels)] + planes)
    return [try network.finished()]
  }
}
