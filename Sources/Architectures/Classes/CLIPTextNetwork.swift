import ModelGraph
import Tensors

/// CLIP's text encoder (Radford et al. 2021): a causal transformer over token numbers.
///
/// Inputs `input_ids` `[batch, tokens]` (int64) and, where it is given, `attention_mask` `[batch,
/// tokens]` (int64, 1 for tokens to see). Outputs `last_hidden_state` `[batch, tokens, hidden_size]`
/// after the final normalisation, `penultimate_hidden_state`, the tokens before the last layer and
/// without that normalisation (SDXL's conditioning), and one of the text as a whole.
struct CLIPTextNetwork {
  private let vocabulary: Int
  private let size: Int
  private let innerSize: Int
  private let layers: Int
  private let heads: Int
  private let positions: Int
  private let activation: Activation
  private let epsilon: Double
  private let endToken: Int

  /// Reads the keys of `CLIPTextConfig`.
  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    vocabulary = try configuration.int("vocab_size", default: 49408)
    size = try configuration.int("hidden_size", default: 512)
    innerSize = try configuration.int("intermediate_size", default: 2048)
    layers = try configuration.int(
      "num_hidden_layers", default: 12, in: 1...ConfigurationReader.maximumCount)
    heads = try configuration.int("num_attention_heads", default: 8)
    positions = try configuration.int("max_position_embeddings", default: 77)
    activation = try configuration.choice("hidden_act", default: .quickGelu)
    epsilon = try configuration.double("layer_norm_eps", default: 1e-5)
    endToken = try configuration.int(
      "eos_token_id", default: 49407, in: 0...ConfigurationReader.maximumExtent)
    try configuration.requireNoPrunedHeads()
    guard size % heads == 0 else {
      throw configuration.value(
        "num_attention_heads", expected: "a divisor of hidden_size \(size)", found: "\(heads)")
    }
  }

  /// The extent of a token.
  var hiddenSize: Int { size }

  /// Adds the network and gives back what stands for the text as a whole, `[batch, hidden_size]`:
  /// the last hidden state at the end token.
  ///
  /// transformers 5 saves `CLIPTextModel` without the prefix `text_model`, all before with it.
  func pooled(_ network: NetworkBuilder) throws(ArchitectureError) -> String {
    let tokenAxes: [Dimension] = [.symbol("batch"), .symbol("tokens")]
    let ids = network.input("input_ids", .int64, tokenAxes)
    let extents = network.shape(ids, 0..<2)
    let mask = network.maskBias(
      "attention_mask", extents: extents, queries: network.shape(ids, 1..<2),
      penalty: -Float.greatestFiniteMagnitude)
    let isPrefixed = network.checkpoint.has("text_model.embeddings.token_embedding.weight")
    let states =
      try isPrefixed
      ? network.scope("text_model") { () throws(ArchitectureError) in
        try encoded(ids, mask, network)
      } : encoded(ids, mask, network)
    let stateAxes = tokenAxes + [.fixed(size)]
    network.output(states.last, as: "last_hidden_state", stateAxes)
    network.output(states.penultimate, as: "penultimate_hidden_state", stateAxes)
    return atEnd(states.last, ids, network)
  }

  private func encoded(
    _ ids: String, _ mask: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> (last: String, penultimate: String) {
    var hidden = try network.scope("embeddings") { () throws(ArchitectureError) in
      network.checkpoint.allow(network.path("position_ids"))
      let tokens = try network.embedding(ids, "token_embedding", count: vocabulary, size: size)
      let places = try network.parameter("position_embedding.weight", [positions, size])
      let used = network.add(
        "Slice",
        [places, network.integers([0]), network.shape(ids, 1..<2), network.integers([0])])
      return network.add("Add", [tokens, used])
    }
    var penultimate = hidden
    for index in 0..<layers {
      penultimate = hidden
      hidden = try network.scope("encoder.layers.\(index)") { () throws(ArchitectureError) in
        try layer(hidden, mask, network)
      }
    }
    let last = try network.layerNorm(hidden, "final_layer_norm", size, epsilon: epsilon)
    return (last, penultimate)
  }

  private func layer(
    _ x: String, _ mask: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let normed = try network.layerNorm(x, "layer_norm1", size, epsilon: epsilon)
    let mixed = try network.scope("self_attn") { () throws(ArchitectureError) in
      let attended = network.attention(
        query: try network.linear(normed, "q_proj", size, size),
        key: try network.linear(normed, "k_proj", size, size),
        value: try network.linear(normed, "v_proj", size, size), heads: heads, mask: mask,
        isCausal: true)
      return try network.linear(attended, "out_proj", size, size)
    }
    let hidden = network.add("Add", [x, mixed])
    let again = try network.layerNorm(hidden, "layer_norm2", size, epsilon: epsilon)
    let fed = try network.scope("mlp") { () throws(ArchitectureError) in
      let inner = network.activation(
        activation, try network.linear(again, "fc1", size, innerSize))
      return try network.linear(inner, "fc2", innerSize, size)
    }
    return network.add("Add", [hidden, fed])
  }

  /// The state at the first end token; where the configuration has the number 2 (written so before
  /// transformers 4.31), at the first of the largest number instead.
  private func atEnd(_ states: String, _ ids: String, _ network: NetworkBuilder) -> String {
    let numbers =
      endToken == 2
      ? network.cast(ids, to: .int32)
      : network.cast(
        network.add("Equal", [ids, network.integers([Int64(endToken)])]), to: .int32)
    let places = network.add("ArgMax", [numbers], ["axis": .int(-1), "keepdims": .int(1)])
    return network.add("GatherND", [states, places], ["batch_dims": .int(1)])
  }
}
