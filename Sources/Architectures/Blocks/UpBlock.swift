import ModelGraph

extension NetworkBuilder {
  /// An upward block on `x`.
  ///
  /// - Parameters:
  ///   - states: what skip connections carry to this block, the one met first last.
  ///   - nextState: what the next block meets first; nil for the last block.
  func upBlock(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: inout BlockFlow,
    states: [String?], nextState: String?
  ) throws(ArchitectureError) -> String {
    guard shape.kind.resampling != .reflected else {
      return try reflectedUpBlock(x, shape, settings, flow, states)
    }
    var hidden = x
    for layer in 0..<shape.layers {
      guard let state = states[states.count - 1 - layer] else { continue }
      hidden = try scope("resnets.\(layer)") { () throws(ArchitectureError) in
        try residual(
          concat([hidden, state], axis: 1), flow.time, upResidual(shape, settings, layer))
      }
      if shape.kind.resampling == .imageSkip && layer + 1 < shape.layers { continue }
      // Blocks with a path of images attend once, after all residual blocks.
      let index = shape.kind.resampling == .imageSkip ? 0 : layer
      hidden = try scope("attentions.\(index)") { () throws(ArchitectureError) in
        try blockAttention(hidden, shape, settings, flow, layer: index)
      }
    }
    if shape.kind.resampling == .imageSkip { try addImage(hidden, shape, settings, &flow) }
    guard shape.resamples else { return hidden }
    return try doubled(hidden, shape, settings, flow, nextState)
  }

  private func upResidual(
    _ shape: BlockShape, _ settings: BlockSettings, _ layer: Int
  ) -> ResidualBlock {
    let skip = layer == shape.layers - 1 ? shape.inputs : shape.outputs
    let inputs = layer == 0 ? shape.previousOutputs : shape.outputs
    var block = settings.residual(shape.kind.resampling, inputs + skip, shape.outputs)
    if shape.kind.resampling == .imageSkip, shape.kind.attention == .pixels {
      // diffusers divides the skip's channels only.
      block.groups = min(inputs + skip / 4, 32)
    }
    return block
  }

  private func doubled(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: BlockFlow,
    _ nextState: String?
  ) throws(ArchitectureError) -> String {
    let channels = shape.outputs
    switch shape.kind.resampling {
    case .convolution:
      if shape.kind.attention == .pixels, settings.attentionUpsamplesByResidual {
        return try resampledResidual(x, "upsamplers.0", shape, settings, flow, .nearestUp)
      }
      let larger: String
      if settings.upsamplesToSkip, shape.kind.attention != .pixels, let nextState {
        larger = enlarged(x, toSizeOf: nextState)
      } else {
        larger = enlarged(x, by: 2)
      }
      return try conv2d(larger, "upsamplers.0.conv", channels, channels)
    case .residual:
      return try resampledResidual(x, "upsamplers.0", shape, settings, flow, .nearestUp)
    case .imageSkip:
      return try resampledResidual(x, "resnet_up", shape, settings, flow, .filteredUp)
    case .reflected: return resampled(x, .reflectedUp, channels: channels)
    }
  }

  /// Enlarges the path of images and adds what this block contributes.
  private func addImage(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: inout BlockFlow
  ) throws(ArchitectureError) {
    let larger = flow.image.map { resampled($0, .filteredUp, channels: 3) }
    flow.image = larger
    guard shape.resamples else { return }
    let channels = shape.outputs
    let normed = try groupNorm(
      x, "skip_norm", channels, groups: settings.groups(.imageSkip, channels),
      epsilon: settings.epsilon)
    let part = try conv2d(silu(normed), "skip_conv", channels, 3)
    flow.image = larger.map { add("Add", [$0, part]) } ?? part
  }
}
