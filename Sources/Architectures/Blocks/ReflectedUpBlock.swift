import ModelGraph

extension NetworkBuilder {
  /// An upward block of k-diffusion's UNet (diffusers `KUpBlock2D`, `KCrossAttnUpBlock2D`): one
  /// skip connection, met at the beginning.
  func reflectedUpBlock(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings, _ flow: BlockFlow,
    _ states: [String?]
  ) throws(ArchitectureError) -> String {
    let hasAttention = shape.kind.attention == .pixelsThenText
    let isFirst =
      hasAttention && shape.inputs == shape.outputs && shape.outputs == flow.time?.size
    var hidden = x
    if let state = states.last ?? nil { hidden = concat([hidden, state], axis: 1) }
    let layers = shape.layers
    for layer in 0..<layers {
      let isLast = layer == layers - 1
      let inputs = layer > 0 || isFirst ? shape.outputs : 2 * shape.outputs
      let outputs = isLast ? shape.inputs : shape.outputs
      var block = settings.residual(.reflected, inputs, hasAttention ? shape.outputs : outputs)
      block.groupsOut = settings.groups(.reflected, shape.outputs)
      if hasAttention, isLast { block.finalOutputs = outputs }
      hidden = try scope("resnets.\(layer)") { () throws(ArchitectureError) in
        try residual(hidden, flow.time, block)
      }
      guard hasAttention, let context = flow.context, let time = flow.time else { continue }
      let attention = PixelsThenText(
        channels: outputs, headSize: shape.headSize, contextSize: shape.contextSize,
        attendsToPixels: isFirst)
      hidden = try scope("attentions.\(layer)") { () throws(ArchitectureError) in
        try pixelsThenText(hidden, context, time, attention)
      }
    }
    return shape.resamples ? resampled(hidden, .reflectedUp, channels: shape.inputs) : hidden
  }
}
