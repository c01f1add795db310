extension ArchitectureRegistry {
  /// Networks that predict noise, velocity or sample.
  static let denoisers: [any Architecture.Type] = [
    UNet2DModel.self, UNet2DConditionModel.self,
  ]

  /// Networks between images and latents.
  static let autoencoders: [any Architecture.Type] = [
    AutoencoderKL.self, AutoencoderTiny.self,
  ]
}
