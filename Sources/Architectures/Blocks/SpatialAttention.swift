import ModelGraph

/// Self-attention over pixels with normalisation before and a residual connection (diffusers
/// `Attention` as the successor of `AttentionBlock`).
struct SpatialAttention {
  /// Channels in and out.
  var channels: Int
  /// Channels of each head.
  var headSize: Int
  /// Groups of the normalisation; nil for none.
  var groups: Int?
  /// What variances are raised by.
  var epsilon: Double
  /// What the sum is divided by.
  var outputScale = 1.0
}

extension NetworkBuilder {
  /// `attention` on `x` `[N, channels, H, W]`.
  ///
  /// Parameters are `to_q`, `to_k`, `to_v`, `to_out.0`, or `query`, `key`, `value`, `proj_attn` in
  /// older checkpoints.
  func spatialAttention(
    _ x: String, _ attention: SpatialAttention
  ) throws(ArchitectureError) -> String {
    let channels = attention.channels
    let heads = try headCount(channels, attention.headSize)
    let inner = heads * attention.headSize
    let isOld = checkpoint.has(path("query.weight"))
    let names =
      isOld ? ["query", "key", "value", "proj_attn"] : ["to_q", "to_k", "to_v", "to_out.0"]
    var normed = x
    if let groups = attention.groups {
      normed = try groupNorm(x, "group_norm", channels, groups: groups, epsilon: attention.epsilon)
    }
    let pixels = tokens(fromPlanes: normed, channels: channels)
    let mixed = self.attention(
      query: try linear(pixels, names[0], channels, inner),
      key: try linear(pixels, names[1], channels, inner),
      value: try linear(pixels, names[2], channels, inner), heads: heads)
    let projected = try linear(mixed, names[3], inner, channels)
    let sum = add("Add", [planes(fromTokens: projected, channels: channels, like: x), x])
    return divided(sum, by: attention.outputScale)
  }
}
