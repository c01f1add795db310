/// A block in which an image's and a text's tokens attend to all of both (diffusers
/// `JointTransformerBlock`; Esser et al. 2024, figure 2b).
struct JointBlock {
  /// The heads of its attentions.
  var heads: AttentionHeads
  /// Whether it is the last, after which nothing asks for the text.
  var isLast: Bool
  /// Whether the image has an attention of its own besides.
  var hasOwnAttention: Bool
}

extension NetworkBuilder {
  /// The tokens of image and text after `block`; the text's are as they were after the last.
  func jointBlock(
    _ image: String, _ text: String, _ condition: String, _ block: JointBlock
  ) throws(ArchitectureError) -> (image: String, text: String) {
    let size = block.heads.width
    let parts = try modulations(
      condition, "norm1.linear", size, count: block.hasOwnAttention ? 9 : 6)
    let before = modulation(parts, 0)
    let normed = try plainLayerNorm(image, size)
    let textParts =
      block.isLast
      ? []
      : try modulations(
        condition, "norm1_context.linear", size, count: 6)
    let normedText =
      block.isLast
      ? try continuousNorm(text, "norm1_context", condition, size)
      : modulated(try plainLayerNorm(text, size), modulation(textParts, 0))
    let mixed = try jointAttention(modulated(normed, before), normedText, block)
    var hidden = gatedSum(image, mixed.image, before.gate)
    if block.hasOwnAttention {
      let own = modulation(parts, 6)
      let alone = try ownAttention(modulated(normed, own), block.heads)
      hidden = gatedSum(hidden, alone, own.gate)
    }
    hidden = try fed(hidden, "ff", size, modulation(parts, 3))
    guard !block.isLast else { return (hidden, text) }
    let read = gatedSum(text, mixed.text, textParts[2])
    return (hidden, try fed(read, "ff_context", size, modulation(textParts, 3)))
  }

  /// x + gate · ff(norm(x) · (1 + scale) + shift).
  func fed(
    _ x: String, _ name: String, _ size: Int, _ modulation: Modulation
  ) throws(ArchitectureError) -> String {
    let normed = modulated(try plainLayerNorm(x, size), modulation)
    return gatedSum(x, try feedForward(normed, name, size, .geluTanh), modulation.gate)
  }

  /// The image's tokens come before the text's.
  private func jointAttention(
    _ image: String, _ text: String, _ block: JointBlock
  ) throws(ArchitectureError) -> (image: String, text: String) {
    try scope("attn") { () throws(ArchitectureError) in
      let size = block.heads.width
      let all = joined(
        try ownOperands(image, block.heads), try addedOperands(text, block.heads))
      let mixed = cut(attention(all, block.heads), after: image)
      let shown = try linear(mixed.head, "to_out.0", size, size)
      guard !block.isLast else { return (shown, text) }
      return (shown, try linear(mixed.tail, "to_add_out", size, size))
    }
  }

  private func ownAttention(
    _ x: String, _ heads: AttentionHeads
  ) throws(ArchitectureError) -> String {
    try scope("attn2") { () throws(ArchitectureError) in
      let mixed = attention(try ownOperands(x, heads), heads)
      return try linear(mixed, "to_out.0", heads.width, heads.width)
    }
  }
}
