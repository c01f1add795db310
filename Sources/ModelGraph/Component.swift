import FileIO
import Tensors

/// What part a component plays in distillation and release.
public enum Role: String, CaseIterable, Sendable {
  /// The many-step model that is distilled from.
  case teacher
  /// The few-step model that is released.
  case student
}

/// A file that belongs to a model and is carried along unread: a tokenizer's vocabulary, a
/// scheduler's configuration.
public struct AttachedFile: Hashable, Sendable {
  /// The path inside the model, with `/` between components; never used as a path on disk as is.
  public var path: String
  /// The content.
  public var content: [UInt8]

  /// A file of that content.
  public init(path: String, content: [UInt8]) {
    self.path = path
    self.content = content
  }
}

/// One network of a model: its graphs, its weights, its configuration.
public struct Component: Sendable {
  /// The name, unique within the role: `unet`, `vae`, `text_encoder`; `model` where the source
  /// names none.
  public var name: String
  /// The part it plays, where that is known.
  public var role: Role?
  /// The network's graphs by their names: one in most cases, `encoder` and `decoder` for an
  /// autoencoder, none for weights whose architecture is not known.
  public var graphs: [Graph]
  /// The weights that the graphs refer to.
  public var weights: any TensorSource
  /// The architecture's configuration (a diffusers `config.json`), as its bytes stood in the file.
  public var config: [UInt8]?
  /// How each quantized tensor is quantized, by the tensor's name.
  public var quantization: [String: TensorQuantization]
  /// Free text about the component (a safetensors `__metadata__`, ONNX `metadata_props`).
  public var metadata: [String: String]

  /// A component of the given parts.
  public init(
    name: String, role: Role? = nil, graphs: [Graph] = [], weights: any TensorSource,
    config: [UInt8]? = nil, quantization: [String: TensorQuantization] = [:],
    metadata: [String: String] = [:]
  ) {
    self.name = name
    self.role = role
    self.graphs = graphs
    self.weights = weights
    self.config = config
    self.quantization = quantization
    self.metadata = metadata
  }

  /// The component as a message names it: `student unet`, `vae`.
  public var label: String {
    (role.map { "\($0.rawValue) " } ?? "") + name.escapedForDisplay(limit: 100)
  }
}
