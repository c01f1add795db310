import FileIO
import ModelGraph
import Tensors

/// The tokens and image embeddings that a network was given.
struct TextInputs {
  /// `encoder_hidden_states`; nil where there are none.
  var text: String?
  /// `image_embeds`; nil where there are none so far.
  var image: String?
}

/// How the tokens that blocks attend to are made of what is given (`encoder_hid_dim_type`).
struct TextProjection {
  private enum Kind: String, CaseIterable {
    /// A linear layer.
    case text = "text_proj"
    /// A linear layer, with ten tokens made of an image's embedding before (Kandinsky 2.1).
    case textAndImage = "text_image_proj"
    /// 32 tokens made of an image's embedding (Kandinsky 2.2).
    case image = "image_proj"
  }

  private let kind: Kind
  private let hiddenSize: Int

  /// What the configuration asks for; nil for tokens as they are.
  ///
  /// - Throws: `ArchitectureError.value`.
  init?(
    _ configuration: ConfigurationReader, hiddenSize: Int?
  ) throws(ArchitectureError) {
    let key = "encoder_hid_dim_type"
    let name = try configuration.optionalString(key)
    guard let hiddenSize else {
      guard name == nil else {
        throw configuration.value("encoder_hid_dim", expected: "a number", nil)
      }
      return nil
    }
    kind = try configuration.choice(key, default: .text)
    self.hiddenSize = hiddenSize
  }

  /// Declares the inputs.
  func inputs(
    _ network: NetworkBuilder, contextSize: Int
  ) throws(ArchitectureError) -> TextInputs {
    func text() -> String {
      network.input(
        "encoder_hidden_states", .float32,
        [.symbol("batch"), .symbol("tokens"), .fixed(hiddenSize)])
    }
    func image(_ extent: Int) -> String {
      network.input("image_embeds", .float32, [.symbol("batch"), .fixed(extent)])
    }
    switch kind {
    case .text: return TextInputs(text: text())
    case .textAndImage: return TextInputs(text: text(), image: image(contextSize))
    case .image: return TextInputs(image: image(hiddenSize))
    }
  }

  /// The tokens `[N, T, contextSize]`.
  func projected(
    _ network: NetworkBuilder, _ inputs: TextInputs, contextSize: Int
  ) throws(ArchitectureError) -> String? {
    let name = "encoder_hid_proj"
    guard let text = inputs.text else {
      guard let image = inputs.image else { return nil }
      return try imageTokens(network, image, hiddenSize, contextSize, count: 32) {
        (tokens) throws(ArchitectureError) in
        try network.layerNorm(tokens, "\(name).norm", contextSize)
      }
    }
    guard kind == .textAndImage, let image = inputs.image else {
      return try network.linear(text, name, hiddenSize, contextSize)
    }
    let tokens = try imageTokens(network, image, contextSize, contextSize, count: 10) { $0 }
    let projected = try network.linear(text, "\(name).text_proj", hiddenSize, contextSize)
    return network.concat([tokens, projected], axis: 1)
  }

  private func imageTokens(
    _ network: NetworkBuilder, _ image: String, _ inputs: Int, _ size: Int, count: Int,
    _ finish: (String) throws(ArchitectureError) -> String
  ) throws(ArchitectureError) -> String {
    let flat = try network.linear(image, "encoder_hid_proj.image_embeds", inputs, count * size)
    return try finish(network.reshape(flat, [0, count, size]))
  }
}
