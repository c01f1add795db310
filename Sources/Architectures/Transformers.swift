extension ArchitectureRegistry {
  /// Networks of attention that predict noise, velocity or sample.
  static let transformers: [any Architecture.Type] = [
    DiTTransformer2DModel.self, PixArtTransformer2DModel.self, Transformer2DModel.self,
    SD3Transformer2DModel.self, FluxTransformer2DModel.self,
  ]
}
