import ModelGraph

/// Attention of pixels over text and pixels together; the text has projections of its own
/// (diffusers `AttnAddedKVProcessor`).
struct AddedKeyAttention {
  /// Channels in and out.
  var channels: Int
  /// Channels of each head.
  var headSize: Int
  /// Groups of the normalisation of pixels.
  var groups: Int
  /// The extent of text tokens.
  var contextSize: Int
  /// How text is normalised.
  var norm: CrossAttentionNorm?
  /// Whether pixels see the text only.
  var isOnlyCross: Bool
}

extension NetworkBuilder {
  /// `attention` of `x` `[N, channels, H, W]` over `context` `[N, T, contextSize]`.
  func addedKeyAttention(
    _ x: String, _ context: String, _ attention: AddedKeyAttention
  ) throws(ArchitectureError) -> String {
    let channels = attention.channels
    let heads = try headCount(channels, attention.headSize)
    let inner = heads * attention.headSize
    let text = try normalizedText(context, attention)
    let normed = try groupNorm(x, "group_norm", channels, groups: attention.groups, epsilon: 1e-5)
    let pixels = tokens(fromPlanes: normed, channels: channels)
    var keys = [try linear(text, "add_k_proj", attention.contextSize, inner)]
    var values = [try linear(text, "add_v_proj", attention.contextSize, inner)]
    if !attention.isOnlyCross {
      keys.append(try linear(pixels, "to_k", channels, inner))
      values.append(try linear(pixels, "to_v", channels, inner))
    }
    let mixed = self.attention(
      query: try linear(pixels, "to_q", channels, inner), key: concat(keys, axis: 1),
      value: concat(values, axis: 1), heads: heads)
    let projected = try linear(mixed, "to_out.0", inner, channels)
    return add("Add", [planes(fromTokens: projected, channels: channels, like: x), x])
  }

  private func normalizedText(
    _ context: String, _ attention: AddedKeyAttention
  ) throws(ArchitectureError) -> String {
    switch attention.norm {
    case nil: return context
    case .layer: return try layerNorm(context, "norm_cross", attention.channels)
    case .group:
      let normed = try groupNorm(
        transpose(context, [0, 2, 1]), "norm_cross", attention.contextSize, groups: 32,
        epsilon: 1e-5)
      return transpose(normed, [0, 2, 1])
    }
  }

  /// How many heads of `size` fit into `channels`.
  ///
  /// - Throws: `ArchitectureError.value` where none does.
  func headCount(_ channels: Int, _ size: Int) throws(ArchitectureError) -> Int {
    guard channels >= size else {
      throw .value(
        file: checkpoint.file, key: path("attention"),
        expected: "heads of at most \(channels) channels", found: "\(size)")
    }
    return channels / size
  }
}
