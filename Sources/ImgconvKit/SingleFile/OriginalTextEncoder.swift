import FileIO
import Tensors

/// A text encoder of a checkpoint in the original Stable Diffusion layout: CLIP as transformers
/// names it, or as open_clip does.
struct OriginalTextEncoder {
  private let tensors: OriginalTensors
  private let isOpen: Bool
  private let name: String

  /// How many layers Stable Diffusion 2's encoder keeps, of 24: the last one is never used.
  private static let keptLayers = 23

  /// The encoder in `tensors`, to be called `name`; nil where they are none.
  init?(_ tensors: OriginalTensors, name: String) {
    self.tensors = tensors
    self.name = name
    isOpen = tensors.has("transformer.resblocks.0.ln_1.weight")
    guard isOpen || tensors.has(Self.path + "embeddings.token_embedding.weight") else {
      return nil
    }
  }

  private static let path = "text_model."

  /// The extent of the projected text; nil without projection.
  var projectedSize: Int? { isOpen ? tensors.extents("text_projection").last : nil }

  /// The network with its configuration.
  ///
  /// - Parameter isProjected: whether the projection belongs to it (XL) or is left out, and with it
  ///   the last layer (2).
  /// - Throws: `JobError.layout`.
  func network(isProjected: Bool) throws -> OriginalNetwork {
    isOpen ? try openNetwork(isProjected) : try plainNetwork()
  }

  private func configuration(
    _ className: String, layers: Int, activation: String, inner: Int, places: String,
    table: String
  ) throws -> JSONValue {
    let size = try tensors.extent(table, 1)
    return .object([
      JSONMember("architectures", .array([.string(className)])),
      JSONMember("vocab_size", .integer(try tensors.extent(table, 0))),
      JSONMember("hidden_size", .integer(size)),
      JSONMember("intermediate_size", .integer(inner)),
      JSONMember("num_hidden_layers", .integer(layers)),
      JSONMember("num_attention_heads", .integer(max(size / 64, 1))),
      JSONMember("max_position_embeddings", .integer(try tensors.extent(places, 0))),
      JSONMember("hidden_act", .string(activation)),
      // The end token is the largest of all.
      JSONMember("eos_token_id", 2),
      JSONMember("projection_dim", .integer(projectedSize ?? size)),
    ])
  }

  private func plainNetwork() throws -> OriginalNetwork {
    let path = Self.path
    let layers = tensors.count(path + "encoder.layers", ".layer_norm1.weight")
    return OriginalNetwork(
      name: name,
      configuration: try configuration(
        "CLIPTextModel", layers: layers, activation: "quick_gelu",
        inner: try tensors.extent(path + "encoder.layers.0.mlp.fc1.weight", 0),
        places: path + "embeddings.position_embedding.weight",
        table: path + "embeddings.token_embedding.weight"),
      views: tensors.names.filter { $0.name != path + "embeddings.position_ids" }
        .map { tensors.view($0.index, as: $0.name) })
  }
}

extension OriginalTextEncoder {
  private static let ends = [
    "positional_embedding": "embeddings.position_embedding.weight",
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight", "ln_final.bias": "final_layer_norm.bias",
  ]
  private static let layers = [
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
  ]

  private func openNetwork(_ isProjected: Bool) throws -> OriginalNetwork {
    let found = tensors.count("transformer.resblocks", ".ln_1.weight")
    let kept = isProjected || found == Self.keptLayers ? found : max(found - 1, 1)
    var views: [TensorView] = []
    for (name, index) in tensors.names {
      views += try self.views(name, index, layers: kept, isProjected: isProjected)
    }
    return OriginalNetwork(
      name: self.name,
      configuration: try configuration(
        isProjected ? "CLIPTextModelWithProjection" : "CLIPTextModel", layers: kept,
        activation: "gelu",
        inner: try tensors.extent("transformer.resblocks.0.mlp.c_fc.weight", 0),
        places: "positional_embedding", table: "token_embedding.weight"), views: views)
  }

  /// What becomes of one tensor: nothing, one of another name, or three of a fused product.
  private func views(
    _ name: String, _ index: Int, layers: Int, isProjected: Bool
  ) throws -> [TensorView] {
    if name == "logit_scale" { return [] }
    if name == "text_projection" { return isProjected ? [try projection(index)] : [] }
    if let place = Self.ends[name] { return [tensors.view(index, as: Self.path + place)] }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 5, parts[..<2] == ["transformer", "resblocks"], let layer = Int(parts[2])
    else { return [tensors.view(index, as: name)] }
    guard layer < layers else { return [] }
    let path = "\(Self.path)encoder.layers.\(layer)."
    if parts[3] == "attn", parts[4].hasPrefix("in_proj_") {
      return try fused(index, path, parameter: String(parts[4].dropFirst("in_proj_".count)))
    }
    let inner = parts[3..<(parts.count - 1)].joined(separator: ".")
    let renamed = Self.layers[inner].map { "\(path)\($0).\(parts[parts.count - 1])" }
    return [tensors.view(index, as: renamed ?? name)]
  }

  private func projection(_ index: Int) throws -> TensorView {
    var view = tensors.view(index, as: "text_projection.weight")
    guard view.shape.rank == 2 else {
      throw JobError.layout(
        name: tensors.prefix + "text_projection", expected: "a matrix", found: "\(view.shape)")
    }
    view.shape = [view.shape[1], view.shape[0]]
    view.part = .transposed
    return view
  }

  /// Query, key and value, which stand one after another in one tensor.
  private func fused(_ index: Int, _ path: String, parameter: String) throws -> [TensorView] {
    let whole = tensors.view(index, as: "")
    guard let rows = whole.shape.dimensions.first, rows % 3 == 0 else {
      throw JobError.layout(
        name: "\(tensors.prefix)\(path)in_proj_\(parameter)",
        expected: "query, key and value one after another", found: "\(whole.shape)")
    }
    let extents = [rows / 3] + whole.shape.dimensions.dropFirst()
    let size = whole.shape.elementCount / 3
    return try ["q", "k", "v"].enumerated().map { number, letter in
      TensorView(
        name: "\(path)self_attn.\(letter)_proj.\(parameter)", shape: try Shape(checking: extents),
        source: index, part: .from(element: number * size))
    }
  }
}
