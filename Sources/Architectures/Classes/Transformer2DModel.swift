import ModelGraph

/// diffusers' older class `Transformer2DModel` as the name of a whole network: DiT where `norm_type`
/// is `ada_norm_zero`, PixArt where it is `ada_norm_single`.
struct Transformer2DModel: Architecture {
  static let className = "Transformer2DModel"
  static let inertKeys = PixArtTransformer2DModel.inertKeys

  private let network: any Architecture

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    switch try configuration.string("norm_type", default: "layer_norm") {
    case "ada_norm_zero": network = try DiTTransformer2DModel(configuration)
    case "ada_norm_single": network = try PixArtTransformer2DModel(configuration)
    case let norm:
      throw configuration.value(
        "norm_type", expected: "ada_norm_zero or ada_norm_single", found: norm)
    }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    try network.graphs(checkpoint)
  }
}
