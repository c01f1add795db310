import FileIO
import Foundation
import ModelGraph
import Tensors

/// What is added to the timestep's embedding (`addition_embed_type`).
struct AdditionEmbedding {
  private enum Kind: String, CaseIterable {
    /// The text's tokens, pooled by attention (IF).
    case text
    /// A text's and an image's embedding (Kandinsky 2.1).
    case textAndImage = "text_image"
    /// A text's embedding and the sines of sizes and crops (SDXL).
    case textAndTime = "text_time"
    /// An image's embedding (Kandinsky 2.2).
    case image
    /// The same, with a picture whose features join the sample.
    case imageAndHint = "image_hint"
  }

  private let kind: Kind
  private let textSize: Int
  private let imageSize: Int
  private let heads: Int
  private let sinusoids: SinusoidalEmbedding
  private let inputSize: Int

  /// What the configuration asks for; nil for nothing.
  ///
  /// - Throws: `ArchitectureError.value` where a size is missing.
  init?(
    _ configuration: ConfigurationReader, contextSize: Int, hiddenSize: Int?,
    sinusoids: SinusoidalEmbedding
  ) throws(ArchitectureError) {
    let heads = try configuration.int("addition_embed_type_num_heads", default: 64)
    let timeSize = try configuration.optionalInt("addition_time_embed_dim")
    let inputKey = "projection_class_embeddings_input_dim"
    let inputs = try configuration.optionalInt(inputKey)
    guard configuration.raw("addition_embed_type") != nil else { return nil }
    kind = try configuration.choice("addition_embed_type")
    self.heads = heads
    textSize = kind == .text ? hiddenSize ?? contextSize : contextSize
    imageSize = kind == .textAndImage ? contextSize : hiddenSize ?? 0
    self.sinusoids = SinusoidalEmbedding(
      size: timeSize ?? 0, flipsSineToCosine: sinusoids.flipsSineToCosine,
      frequencyShift: sinusoids.frequencyShift)
    inputSize = inputs ?? 0
    if kind == .textAndTime {
      guard timeSize != nil else {
        throw configuration.value("addition_time_embed_dim", expected: "a number", nil)
      }
      guard inputs != nil else { throw configuration.value(inputKey, expected: "a number", nil) }
    }
    if kind == .image || kind == .imageAndHint, hiddenSize == nil {
      throw configuration.value("encoder_hid_dim", expected: "a number", nil)
    }
    if kind == .text, textSize % heads != 0 {
      throw configuration.value(
        "addition_embed_type_num_heads", expected: "a divisor of \(textSize)", found: "\(heads)")
    }
  }

  /// How many channels a hint has that is appended to the sample.
  var hintChannels: Int { kind == .imageAndHint ? 4 : 0 }
}

extension AdditionEmbedding {
  /// The embedding `[N, size]` and the hint's features, where there is one.
  func embedding(
    _ network: NetworkBuilder, _ given: TextInputs, size: Int
  ) throws(ArchitectureError) -> (value: String, hint: String?) {
    try network.scope("add_embedding") { () throws(ArchitectureError) in
      switch kind {
      case .text: return (try pooledText(network, try text(given, network), size), nil)
      case .textAndImage: return (try textAndImage(network, given, size), nil)
      case .textAndTime: return (try textAndTime(network, size), nil)
      case .image: return (try image(network, given, size), nil)
      case .imageAndHint:
        return (try image(network, given, size), try hint(network))
      }
    }
  }

  private func text(
    _ given: TextInputs, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    guard let text = given.text else {
      throw .value(
        file: network.checkpoint.file, key: "addition_embed_type", expected: "tokens of a text",
        found: "none")
    }
    return text
  }

  private func imageInput(_ network: NetworkBuilder, _ given: TextInputs) -> String {
    given.image
      ?? network.input("image_embeds", .float32, [.symbol("batch"), .fixed(imageSize)])
  }

  private func image(
    _ network: NetworkBuilder, _ given: TextInputs, _ size: Int
  ) throws(ArchitectureError) -> String {
    let projected = try network.linear(
      imageInput(network, given), "image_proj", imageSize, size)
    return try network.layerNorm(projected, "image_norm", size)
  }

  private func textAndImage(
    _ network: NetworkBuilder, _ given: TextInputs, _ size: Int
  ) throws(ArchitectureError) -> String {
    let text = network.input("text_embeds", .float32, [.symbol("batch"), .fixed(textSize)])
    let projected = try network.linear(text, "text_proj", textSize, size)
    let normed = try network.layerNorm(projected, "text_norm", size)
    let image = try network.linear(imageInput(network, given), "image_proj", imageSize, size)
    return network.add("Add", [image, normed])
  }

  private func textAndTime(
    _ network: NetworkBuilder, _ size: Int
  ) throws(ArchitectureError) -> String {
    // Six numbers in SDXL, five in its refiner: as many as the projection has room for beside the
    // text's embedding.
    let text = network.input("text_embeds", .float32, [.symbol("batch"), .symbol("text_size")])
    let ids = network.input("time_ids", .float32, [.symbol("batch"), .symbol("ids")])
    let flat = network.reshape(ids, [-1])
    let sines = network.sinusoids(flat, sinusoids)
    let rows = network.concat([network.shape(text, 0..<1), network.integers([-1])], axis: 0)
    let joined = network.concat([text, network.add("Reshape", [sines, rows])], axis: 1)
    let hidden = network.silu(try network.linear(joined, "linear_1", inputSize, size))
    return try network.linear(hidden, "linear_2", size, size)
  }

  /// Convolutions from a picture to four channels an eighth as high and wide.
  private func hint(_ network: NetworkBuilder) throws(ArchitectureError) -> String {
    var hidden = network.input(
      "hint", .float32,
      [.symbol("batch"), .fixed(3), .symbol("hint_height"), .symbol("hint_width")])
    let extents = [3, 16, 16, 32, 32, 96, 96, 256, 4]
    for index in 0..<8 {
      let halves = [2, 4, 6].contains(index)
      hidden = try network.conv2d(
        index == 0 ? hidden : network.silu(hidden), "input_hint_block.\(index * 2)",
        extents[index], extents[index + 1], stride: halves ? 2 : 1)
    }
    return hidden
  }

  /// norm2(proj(pool(norm1 tokens))): the mean token attends to itself and all tokens (diffusers
  /// `TextTimeEmbedding`, `AttentionPooling`).
  private func pooledText(
    _ network: NetworkBuilder, _ tokens: String, _ size: Int
  ) throws(ArchitectureError) -> String {
    let extent = textSize
    let normed = try network.layerNorm(tokens, "norm1", extent)
    let pooled = try network.scope("pool") { () throws(ArchitectureError) in
      let mean = network.add("ReduceMean", [normed, network.integers([1])], ["keepdims": .int(1)])
      let first = network.add(
        "Add", [mean, try network.parameter("positional_embedding", [1, extent])])
      let all = network.concat([first, normed], axis: 1)
      let mixed = network.attention(
        query: try network.linear(first, "q_proj", extent, extent),
        key: try network.linear(all, "k_proj", extent, extent),
        value: try network.linear(all, "v_proj", extent, extent), heads: heads)
      return network.reshape(mixed, [0, extent])
    }
    return try network.layerNorm(
      try network.linear(pooled, "proj", extent, size), "norm2", size)
  }
}
