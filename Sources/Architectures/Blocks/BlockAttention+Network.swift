import ModelGraph

extension NetworkBuilder {
  /// The attention of a block after residual block number `layer`, in the scope of its parameters.
  func blockAttention(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: BlockFlow, layer: Int
  ) throws(ArchitectureError) -> String {
    switch shape.kind.attention {
    case .none: return x
    case .pixels:
      let isSkip = shape.kind.resampling == .imageSkip
      let attention = SpatialAttention(
        channels: shape.outputs, headSize: shape.headSize,
        groups: isSkip ? 32 : settings.groups(shape.kind.resampling, shape.outputs),
        epsilon: settings.epsilon, outputScale: isSkip ? 2.0.squareRoot() : 1)
      return try spatialAttention(x, attention)
    case .transformers:
      return try transformers(x, try context(flow), Transformer(shape, settings, layer: layer))
    case .addedKeys:
      let attention = AddedKeyAttention(
        channels: shape.outputs, headSize: shape.headSize,
        groups: settings.groups(shape.kind.resampling, shape.outputs),
        contextSize: shape.contextSize, norm: settings.crossNorm, isOnlyCross: shape.isOnlyCross)
      return try addedKeyAttention(x, try context(flow), attention)
    case .pixelsThenText:
      let attention = PixelsThenText(
        channels: shape.outputs, headSize: shape.headSize, contextSize: shape.contextSize,
        attendsToPixels: !shape.resamples)
      return try pixelsThenText(x, try context(flow), try time(flow), attention)
    }
  }

  private func time(_ flow: BlockFlow) throws(ArchitectureError) -> TimeConditioning {
    guard let time = flow.time else {
      throw .value(
        file: checkpoint.file, key: path("attentions"), expected: "a network with timesteps",
        found: "normalisation by a time embedding")
    }
    return time
  }

  private func context(_ flow: BlockFlow) throws(ArchitectureError) -> String {
    guard let context = flow.context else {
      throw .value(
        file: checkpoint.file, key: path("attentions"), expected: "a network with conditioning",
        found: "attention over text")
    }
    return context
  }
}
