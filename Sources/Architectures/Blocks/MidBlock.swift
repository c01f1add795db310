import ModelGraph

/// What stands between the two residual blocks of a middle block.
enum MidAttention {
  /// One residual block and nothing else.
  case single
  /// Two residual blocks with nothing between.
  case none
  /// Attention over pixels, in so many groups.
  case pixels(groups: Int?)
  /// A transformer.
  case transformer
  /// Attention over text and pixels together.
  case addedKeys
}

extension NetworkBuilder {
  /// The block between downward and upward ones, all sums divided by `scale`.
  func midBlock(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: BlockFlow,
    _ attention: MidAttention, scale: Double
  ) throws(ArchitectureError) -> String {
    var block = settings.residual(.convolution, shape.outputs, shape.outputs)
    block.outputScale = scale
    if case .addedKeys = attention { block.skipsTimeActivation = settings.skipsTimeActivation }
    var hidden = try scope("resnets.0") { () throws(ArchitectureError) in
      try residual(x, flow.time, block)
    }
    if case .single = attention { return hidden }
    hidden = try scope("attentions.0") { () throws(ArchitectureError) in
      try midAttention(hidden, shape, settings, flow, attention, scale)
    }
    return try scope("resnets.1") { () throws(ArchitectureError) in
      try residual(hidden, flow.time, block)
    }
  }

  private func midAttention(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: BlockFlow,
    _ attention: MidAttention, _ scale: Double
  ) throws(ArchitectureError) -> String {
    var shape = shape
    switch attention {
    case .single, .none: return x
    case .pixels(let groups):
      return try spatialAttention(
        x,
        SpatialAttention(
          channels: shape.outputs, headSize: shape.headSize, groups: groups,
          epsilon: settings.epsilon, outputScale: scale))
    case .transformer: shape.kind.attention = .transformers
    case .addedKeys: shape.kind.attention = .addedKeys
    }
    return try blockAttention(x, shape, settings, flow, layer: 0)
  }
}
