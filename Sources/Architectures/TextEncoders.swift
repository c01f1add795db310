extension ArchitectureRegistry {
  /// Networks from token ids to conditioning.
  static let textEncoders: [any Architecture.Type] = [
    CLIPTextModel.self, CLIPTextModelWithProjection.self, T5EncoderModel.self,
  ]
}
