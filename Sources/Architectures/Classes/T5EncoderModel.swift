import ModelGraph
import Tensors

/// transformers `T5EncoderModel`: the text encoder of Stable Diffusion 3, Flux and PixArt (Raffel
/// et al. 2020; gated feed-forward layers of T5 1.1, Shazeer 2020).
///
/// Inputs `input_ids` `[batch, tokens]` (int64) and, where it is given, `attention_mask` `[batch,
/// tokens]` (int64, 1 for tokens to see); output `last_hidden_state` `[batch, tokens, d_model]`.
struct T5EncoderModel: Architecture {
  static let className = "T5EncoderModel"
  static let inertKeys = TransformersKeys.inert.union([
    "num_decoder_layers", "eos_token_id", "n_positions", "scale_decoder_outputs",
  ])

  private let vocabulary: Int
  private let size: Int
  private let headSize: Int
  private let innerSize: Int
  private let layers: Int
  private let heads: Int
  private let distances: RelativeDistances
  private let epsilon: Double
  private let activation: Activation
  private let isGated: Bool

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    vocabulary = try configuration.int("vocab_size", default: 32128)
    size = try configuration.int("d_model", default: 512)
    headSize = try configuration.int("d_kv", default: 64)
    innerSize = try configuration.int("d_ff", default: 2048)
    layers = try configuration.int(
      "num_layers", default: 6, in: 1...ConfigurationReader.maximumCount)
    heads = try configuration.int("num_heads", default: 8)
    distances = try RelativeDistances(configuration)
    epsilon = try configuration.double("layer_norm_epsilon", default: 1e-6)
    (activation, isGated) = try Self.feedForward(configuration)
    try configuration.require("is_decoder", is: false)
    try configuration.requireNoPrunedHeads()
  }

  /// `relu`, `gated-gelu` (whose gelu is the approximation by tanh), or another activation, gated
  /// or not; `dense_act_fn` and `is_gated_act` repeat what that says.
  private static func feedForward(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> (Activation, Bool) {
    let kind = try configuration.string("feed_forward_proj", default: "relu")
    let isGated = kind.hasPrefix("gated-")
    let name = isGated ? String(kind.dropFirst("gated-".count)) : kind
    let implied: Activation? =
      kind == "gated-gelu" ? .geluNew : Activation(rawValue: name)
    guard let implied else {
      throw configuration.value(
        "feed_forward_proj",
        expected: "relu, gated-gelu, or one of "
          + Activation.allCases.map(\.rawValue).joined(separator: ", "),
        found: kind)
    }
    try configuration.require("is_gated_act", is: .bool(isGated))
    return (try configuration.choice("dense_act_fn", default: implied), isGated)
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let tokenAxes: [Dimension] = [.symbol("batch"), .symbol("tokens")]
    let ids = network.input("input_ids", .int64, tokenAxes)
    let mask = network.maskBias(
      "attention_mask", extents: network.shape(ids, 0..<2),
      penalty: -Float.greatestFiniteMagnitude)
    var hidden = try embedded(ids, network)
    let bias = network.add(
      "Add",
      [
        try network.relativeBias(
          "encoder.block.0.layer.0.SelfAttention.relative_attention_bias", distances, ids: ids,
          heads: heads), mask,
      ])
    for index in 0..<layers {
      hidden = try network.scope("encoder.block.\(index)") { () throws(ArchitectureError) in
        try block(hidden, bias, network)
      }
    }
    hidden = try network.rmsNorm(hidden, "encoder.final_layer_norm", size, epsilon: epsilon)
    network.output(hidden, as: "last_hidden_state", tokenAxes + [.fixed(size)])
    return [try network.finished()]
  }

  /// The embedding is stored as `shared`, as `encoder.embed_tokens`, or as both alike.
  private func embedded(
    _ ids: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let twin = "encoder.embed_tokens"
    let isShared =
      network.checkpoint.has("shared.weight") || !network.checkpoint.has("\(twin).weight")
    if isShared { network.checkpoint.allow("\(twin).weight") }
    return try network.embedding(
      ids, isShared ? "shared" : twin, count: vocabulary, size: size)
  }

  private func block(
    _ x: String, _ bias: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let attended = try network.scope("layer.0") { () throws(ArchitectureError) in
      let normed = try network.rmsNorm(x, "layer_norm", size, epsilon: epsilon)
      return try network.scope("SelfAttention") { () throws(ArchitectureError) in
        let inner = heads * headSize
        let mixed = network.attention(
          query: try network.linear(normed, "q", size, inner, bias: false),
          key: try network.linear(normed, "k", size, inner, bias: false),
          value: try network.linear(normed, "v", size, inner, bias: false), heads: heads,
          scale: 1, mask: bias)
        return try network.linear(mixed, "o", inner, size, bias: false)
      }
    }
    let hidden = network.add("Add", [x, attended])
    let fed = try network.scope("layer.1") { () throws(ArchitectureError) in
      let normed = try network.rmsNorm(hidden, "layer_norm", size, epsilon: epsilon)
      return try network.scope("DenseReluDense") { () throws(ArchitectureError) in
        try dense(normed, network)
      }
    }
    return network.add("Add", [hidden, fed])
  }

  private func dense(
    _ x: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let first = isGated ? "wi_0" : "wi"
    var inner = network.activation(
      activation, try network.linear(x, first, size, innerSize, bias: false))
    if isGated {
      let value = try network.linear(x, "wi_1", size, innerSize, bias: false)
      inner = network.add("Mul", [inner, value])
    }
    return try network.linear(inner, "wo", innerSize, size, bias: false)
  }
}
