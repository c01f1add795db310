import ModelGraph

/// A transformer over pixels that attends to text (diffusers `Transformer2DModel` over continuous
/// input, of `BasicTransformerBlock`s with GEGLU).
struct Transformer {
  /// Channels in and out.
  var channels: Int
  /// How many heads.
  var heads: Int
  /// Channels of each head.
  var headSize: Int
  /// How many blocks.
  var layers: Int
  /// The extent of text tokens.
  var contextSize: Int
  /// Groups of the normalisation before.
  var groups: Int
  /// Whether tokens are projected by linear layers rather than 1×1 convolutions.
  var usesLinearProjection: Bool
  /// Whether the text takes the pixels' place in the first attention too.
  var isOnlyCross: Bool
  /// Whether there are two, one for each kind of text tokens (diffusers `DualTransformer2DModel`).
  var isDual: Bool
}

extension Transformer {
  /// The transformer after residual block number `layer`.
  init(_ shape: BlockShape, _ settings: BlockSettings, layer: Int) {
    channels = shape.outputs
    heads = shape.heads
    headSize = shape.outputs / max(shape.heads, 1)
    layers = settings.isDual ? 1 : shape.transformerLayers[layer]
    contextSize = shape.contextSize
    groups = settings.groups(shape.kind.resampling, shape.outputs)
    usesLinearProjection = settings.usesLinearProjection && !settings.isDual
    isOnlyCross = shape.isOnlyCross && !settings.isDual
    isDual = settings.isDual
  }
}

extension NetworkBuilder {
  /// `transformer` on `x` `[N, channels, H, W]` and `context` `[N, T, contextSize]`.
  func transformers(
    _ x: String, _ context: String, _ transformer: Transformer
  ) throws(ArchitectureError) -> String {
    guard transformer.headSize > 0 else {
      throw .value(
        file: checkpoint.file, key: path("transformer_blocks"),
        expected: "at most \(transformer.channels) heads", found: "\(transformer.heads)")
    }
    guard transformer.isDual else { return try self.transformer(x, context, transformer) }
    // The first 77 tokens are text and go to the second transformer, the next 257 are of an image.
    let parts = [(1, 0..<77), (0, 77..<334)]
    var sum: String?
    for (index, range) in parts {
      let encoded = try scope("transformers.\(index)") { () throws(ArchitectureError) in
        try self.transformer(x, slice(context, range, axis: 1), transformer)
      }
      let change = add("Mul", [add("Sub", [encoded, x]), real(0.5)])
      sum = sum.map { add("Add", [$0, change]) } ?? change
    }
    return add("Add", [sum ?? x, x])
  }

  private func transformer(
    _ x: String, _ context: String, _ transformer: Transformer
  ) throws(ArchitectureError) -> String {
    let channels = transformer.channels
    let inner = transformer.heads * transformer.headSize
    let normed = try groupNorm(x, "norm", channels, groups: transformer.groups, epsilon: 1e-6)
    var hidden: String
    if transformer.usesLinearProjection {
      hidden = try linear(
        tokens(fromPlanes: normed, channels: channels), "proj_in", channels, inner)
    } else {
      hidden = tokens(
        fromPlanes: try conv2d(normed, "proj_in", channels, inner, kernel: 1), channels: inner)
    }
    for index in 0..<transformer.layers {
      hidden = try scope("transformer_blocks.\(index)") { () throws(ArchitectureError) in
        try transformerBlock(hidden, context, inner, transformer)
      }
    }
    if transformer.usesLinearProjection {
      hidden = planes(
        fromTokens: try linear(hidden, "proj_out", inner, channels), channels: channels, like: x)
    } else {
      hidden = try conv2d(
        planes(fromTokens: hidden, channels: inner, like: x), "proj_out", inner, channels,
        kernel: 1)
    }
    return add("Add", [hidden, x])
  }

  /// x + attn1(norm1 x), + attn2(norm2 x, text), + ff(norm3 x).
  private func transformerBlock(
    _ x: String, _ context: String, _ size: Int, _ transformer: Transformer
  ) throws(ArchitectureError) -> String {
    var hidden = x
    for (number, seesText) in [(1, transformer.isOnlyCross), (2, true)] {
      let normed = try layerNorm(hidden, "norm\(number)", size)
      let mixed = try scope("attn\(number)") { () throws(ArchitectureError) in
        try projectedAttention(
          normed, context: seesText ? context : normed, channels: size,
          contextSize: seesText ? transformer.contextSize : size, heads: transformer.heads,
          headSize: transformer.headSize, bias: false)
      }
      hidden = add("Add", [mixed, hidden])
    }
    let normed = try layerNorm(hidden, "norm3", size)
    let fed = try scope("ff") { () throws(ArchitectureError) in
      try gatedFeedForward(normed, size)
    }
    return add("Add", [fed, hidden])
  }

  /// net.2(value · gelu(gate)) of both halves of net.0.proj (GEGLU, Shazeer 2020), four times as
  /// wide inside.
  func gatedFeedForward(_ x: String, _ size: Int) throws(ArchitectureError) -> String {
    let halves = split(try linear(x, "net.0.proj", size, size * 8), into: 2, axis: -1)
    let gated = add("Mul", [halves[0], activation(.gelu, halves[1])])
    return try linear(gated, "net.2", size * 4, size)
  }
}
