import FileIO
import ModelGraph
import Tensors

/// How `class_labels` become an embedding that joins the timestep's.
enum ClassEmbedding {
  /// A row for each class.
  case rows(Int)
  /// As timesteps are embedded.
  case timestep
  /// They are an embedding already.
  case identity
  /// Two linear layers with SiLU between, from a vector of that extent.
  case projection(Int)
  /// One linear layer from a vector of that extent.
  case simpleProjection(Int)

  /// What the configuration asks for; nil for none.
  ///
  /// - Throws: `ArchitectureError.value` for a kind that is not known.
  init?(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    let count = try configuration.optionalInt("num_class_embeds")
    let key = "projection_class_embeddings_input_dim"
    let inputs = try configuration.optionalInt(key)
    let type = try configuration.optionalString("class_embed_type")
    switch type {
    case nil:
      guard let count else { return nil }
      self = .rows(count)
    case "timestep": self = .timestep
    case "identity": self = .identity
    case "projection", "simple_projection":
      guard let inputs else { throw configuration.value(key, expected: "a number", nil) }
      self = type == "projection" ? .projection(inputs) : .simpleProjection(inputs)
    case let other?:
      throw configuration.value(
        "class_embed_type",
        expected: "null, timestep, identity, projection or simple_projection", .string(other))
    }
  }

  /// The embedding of `class_labels`, which it declares an input for: `[N, size]`.
  ///
  /// - Parameters:
  ///   - projected: the extent of a projected timestep.
  ///   - project: how timesteps are projected.
  func embedding(
    _ network: NetworkBuilder, size: Int, projected: Int, activation: Activation,
    project: (String) throws(ArchitectureError) -> String
  ) throws(ArchitectureError) -> String {
    func labels(_ dtype: DType, _ extent: Int?) -> String {
      network.input(
        "class_labels", dtype, [.symbol("batch")] + (extent.map { [.fixed($0)] } ?? []))
    }
    let name = "class_embedding"
    switch self {
    case .rows(let count):
      return try network.embedding(labels(.int64, nil), name, count: count, size: size)
    case .timestep:
      return try network.timestepEmbedding(
        try project(labels(.int64, nil)), name, projected, size, activation: activation)
    case .identity: return labels(.float32, size)
    case .projection(let inputs):
      return try network.timestepEmbedding(labels(.float32, inputs), name, inputs, size)
    case .simpleProjection(let inputs):
      return try network.linear(labels(.float32, inputs), name, inputs, size)
    }
  }
}
