import ModelGraph

/// Attention over pixels, then over text, each after a group normalisation that the time embedding
/// scales and shifts (diffusers `KAttentionBlock`).
struct PixelsThenText {
  /// Channels in and out.
  var channels: Int
  /// Channels of each head.
  var headSize: Int
  /// The extent of text tokens.
  var contextSize: Int
  /// Whether there is attention over pixels.
  var attendsToPixels: Bool
}

extension NetworkBuilder {
  /// `block` on `x` `[N, channels, H, W]` and `context` `[N, T, contextSize]`.
  func pixelsThenText(
    _ x: String, _ context: String, _ time: TimeConditioning, _ block: PixelsThenText
  ) throws(ArchitectureError) -> String {
    var hidden = x
    if block.attendsToPixels {
      hidden = try attended(hidden, "norm1", "attn1", time, block) { _ in nil }
    }
    return try attended(hidden, "norm2", "attn2", time, block) {
      (network) throws(ArchitectureError) in
      try network.layerNorm(context, "norm_cross", block.contextSize)
    }
  }

  private func attended(
    _ x: String, _ norm: String, _ name: String, _ time: TimeConditioning, _ block: PixelsThenText,
    _ context: (NetworkBuilder) throws(ArchitectureError) -> String?
  ) throws(ArchitectureError) -> String {
    let channels = block.channels
    let groups = max(1, channels / 32)
    let normed = try adaptiveGroupNorm(x, norm, channels, groups, time, epsilon: 1e-5)
    let heads = try headCount(channels, block.headSize)
    let pixels = tokens(fromPlanes: normed, channels: channels)
    let mixed = try scope(name) { () throws(ArchitectureError) in
      let text = try context(self)
      return try projectedAttention(
        pixels, context: text ?? pixels, channels: channels,
        contextSize: text == nil ? channels : block.contextSize, heads: heads,
        headSize: block.headSize, bias: true)
    }
    return add("Add", [planes(fromTokens: mixed, channels: channels, like: x), x])
  }

  /// `to_out.0(attention(to_q(x), to_k(context), to_v(context)))` (diffusers `Attention`).
  func projectedAttention(
    _ x: String, context: String, channels: Int, contextSize: Int, heads: Int, headSize: Int,
    bias: Bool
  ) throws(ArchitectureError) -> String {
    let inner = heads * headSize
    let mixed = attention(
      query: try linear(x, "to_q", channels, inner, bias: bias),
      key: try linear(context, "to_k", contextSize, inner, bias: bias),
      value: try linear(context, "to_v", contextSize, inner, bias: bias), heads: heads)
    return try linear(mixed, "to_out.0", inner, channels)
  }
}
