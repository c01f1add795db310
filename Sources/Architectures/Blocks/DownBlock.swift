import ModelGraph

extension NetworkBuilder {
  /// A downward block on `x`.
  ///
  /// - Returns: the hidden states, and what skip connections carry, in order; nil where a block
  ///   passes nothing on.
  func downBlock(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: inout BlockFlow
  ) throws(ArchitectureError) -> (hidden: String, states: [String?]) {
    var hidden = x
    var states: [String?] = []
    for layer in 0..<shape.layers {
      hidden = try scope("resnets.\(layer)") { () throws(ArchitectureError) in
        let inputs = layer == 0 ? shape.inputs : shape.outputs
        return try residual(
          hidden, flow.time, settings.residual(shape.kind.resampling, inputs, shape.outputs))
      }
      hidden = try scope("attentions.\(layer)") { () throws(ArchitectureError) in
        try blockAttention(hidden, shape, settings, flow, layer: layer)
      }
      let isLast = shape.kind.attention == .pixelsThenText && !shape.resamples
      states.append(isLast ? nil : hidden)
    }
    guard shape.resamples else { return (hidden, states) }
    hidden = try halved(hidden, shape, settings, &flow)
    if shape.kind.resampling != .reflected { states.append(hidden) }
    return (hidden, states)
  }

  private func halved(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: inout BlockFlow
  ) throws(ArchitectureError) -> String {
    let channels = shape.outputs
    switch shape.kind.resampling {
    case .convolution:
      guard shape.kind.attention == .pixels, settings.attentionDownsamplesByResidual else {
        return try downsampled(
          x, "downsamplers.0.conv", channels, padding: settings.downsamplePadding)
      }
      return try resampledResidual(x, "downsamplers.0", shape, settings, flow, .averageDown)
    case .residual:
      return try resampledResidual(x, "downsamplers.0", shape, settings, flow, .averageDown)
    case .imageSkip:
      let hidden = try resampledResidual(x, "resnet_down", shape, settings, flow, .filteredDown)
      guard let image = flow.image else { return hidden }
      let smaller = resampled(image, .filteredDown, channels: 3)
      flow.image = smaller
      return add("Add", [try conv2d(smaller, "skip_conv", 3, channels, kernel: 1), hidden])
    case .reflected: return resampled(x, .reflectedDown, channels: channels)
    }
  }

  /// The residual block by which a block changes height and width.
  func resampledResidual(
    _ x: String, _ name: String, _ shape: BlockShape, _ settings: BlockSettings,
    _ flow: BlockFlow, _ resampling: Resampling
  ) throws(ArchitectureError) -> String {
    var block = settings.residual(shape.kind.resampling, shape.outputs, shape.outputs)
    block.resampling = resampling
    if shape.kind.resampling == .imageSkip { block.hasShortcut = true }
    return try scope(name) { () throws(ArchitectureError) in
      try residual(x, flow.time, block)
    }
  }
}
