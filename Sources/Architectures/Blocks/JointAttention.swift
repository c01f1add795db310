/// Queries, keys and values `[N, heads, tokens, size]`.
struct AttentionOperands {
  var query: String
  var key: String
  var value: String
}

/// How queries and keys are normalised before they meet (diffusers `qk_norm`).
enum QueryKeyNorm: String, CaseIterable {
  /// Root mean square with a weight.
  case rootMeanSquare = "rms_norm"
  /// Layer normalisation with weight and bias.
  case layer = "layer_norm"
  /// Layer normalisation without parameters.
  case plainLayer = "fp32_layer_norm"
}

/// Heads of attention with projections that have biases.
struct AttentionHeads {
  /// How many.
  var count: Int
  /// Channels of each.
  var size: Int
  /// How queries and keys are normalised; nil for not at all.
  var norm: QueryKeyNorm?

  /// Channels of all.
  var width: Int { count * size }
}

extension NetworkBuilder {
  /// The projections of tokens `x` by the parameters `projections` (query, key, value), normalised
  /// by those of `norms` (query, key).
  func operands(
    _ x: String, _ heads: AttentionHeads, projections: [String], norms: [String]
  ) throws(ArchitectureError) -> AttentionOperands {
    var parts: [String] = []
    for (index, name) in projections.enumerated() {
      let projected = splitHeads(
        try linear(x, name, heads.width, heads.width), heads: heads.count, size: heads.size)
      parts.append(index < 2 ? try normalized(projected, norms[index], heads) : projected)
    }
    return AttentionOperands(query: parts[0], key: parts[1], value: parts[2])
  }

  private func normalized(
    _ x: String, _ name: String, _ heads: AttentionHeads
  ) throws(ArchitectureError) -> String {
    switch heads.norm {
    case nil: x
    case .rootMeanSquare: try rmsNorm(x, name, heads.size, epsilon: 1e-6)
    case .layer: try layerNorm(x, name, heads.size, epsilon: 1e-6)
    case .plainLayer: try layerNorm(x, name, heads.size, epsilon: 1e-6, affine: false)
    }
  }

  /// The operands of the tokens that an attention is about.
  func ownOperands(
    _ x: String, _ heads: AttentionHeads
  ) throws(ArchitectureError) -> AttentionOperands {
    try operands(
      x, heads, projections: ["to_q", "to_k", "to_v"], norms: ["norm_q", "norm_k"])
  }

  /// The operands of the text tokens that take part in it.
  func addedOperands(
    _ x: String, _ heads: AttentionHeads
  ) throws(ArchitectureError) -> AttentionOperands {
    try operands(
      x, heads, projections: ["add_q_proj", "add_k_proj", "add_v_proj"],
      norms: ["norm_added_q", "norm_added_k"])
  }

  /// The operands of two runs of tokens as of one.
  func joined(_ first: AttentionOperands, _ second: AttentionOperands) -> AttentionOperands {
    AttentionOperands(
      query: concat([first.query, second.query], axis: 2),
      key: concat([first.key, second.key], axis: 2),
      value: concat([first.value, second.value], axis: 2))
  }

  /// The attention of `operands`: `[N, tokens, heads · size]`.
  func attention(_ operands: AttentionOperands, _ heads: AttentionHeads) -> String {
    let mixed = attentionOverHeads(
      query: operands.query, key: operands.key, value: operands.value)
    return joinHeads(mixed, heads: heads.count, size: heads.size)
  }

  /// The tokens of `x` `[N, T, C]` before and after the first as many as `head` `[N, S, C]` has.
  func cut(_ x: String, after head: String) -> (head: String, tail: String) {
    let count = shape(head, 1..<2)
    let axis = integers([1])
    return (
      add("Slice", [x, integers([0]), count, axis]),
      add("Slice", [x, count, shape(x, 1..<2), axis])
    )
  }
}
