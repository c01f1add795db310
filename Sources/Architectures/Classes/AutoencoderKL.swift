import FileIO
import ModelGraph
import Tensors

/// diffusers `AutoencoderKL` (Kingma and Welling 2014; Rombach et al. 2022).
///
/// Two graphs: `encoder` from `sample` `[batch, in_channels, height, width]` to `latent_mean` and
/// `latent_logvar`, the two halves of the moments, and `decoder` from `latent`
/// `[batch, latent_channels, height, width]` to `image`. Scaling and shifting latents is the
/// pipeline's part, not the network's.
struct AutoencoderKL: Architecture {
  static let className = "AutoencoderKL"
  static let inertKeys: Set<String> = [
    "sample_size", "scaling_factor", "shift_factor", "latents_mean", "latents_std", "force_upcast",
  ]

  private let inputChannels: Int
  private let outputChannels: Int
  private let latentChannels: Int
  private let channels: [Int]
  private let layers: Int
  private let settings: BlockSettings
  private let downAttention: [BlockAttention]
  private let upAttention: [BlockAttention]
  private let middleAttention: MidAttention
  private let hasQuantConvolution: Bool
  private let hasPostQuantConvolution: Bool

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    inputChannels = try configuration.int("in_channels", default: 3)
    outputChannels = try configuration.int("out_channels", default: 3)
    latentChannels = try configuration.int("latent_channels", default: 4)
    channels = try configuration.ints("block_out_channels", default: [64])
    layers = try configuration.int(
      "layers_per_block", default: 1, in: 1...ConfigurationReader.maximumCount)
    var settings = BlockSettings(
      epsilon: 1e-6, activation: try configuration.choice("act_fn", default: .silu))
    let groups = try configuration.int("norm_num_groups", default: 32)
    settings.groups = groups
    settings.downsamplePadding = 0
    self.settings = settings
    downAttention = try Self.attention(
      configuration, "down_block_types", plain: "DownEncoderBlock2D",
      attending: "AttnDownEncoderBlock2D", count: channels.count)
    upAttention = try Self.attention(
      configuration, "up_block_types", plain: "UpDecoderBlock2D",
      attending: "AttnUpDecoderBlock2D", count: channels.count)
    middleAttention =
      try configuration.bool("mid_block_add_attention", default: true)
      ? .pixels(groups: groups) : .none
    hasQuantConvolution = try configuration.bool("use_quant_conv", default: true)
    hasPostQuantConvolution = try configuration.bool("use_post_quant_conv", default: true)
  }

  private static func attention(
    _ configuration: ConfigurationReader, _ key: String, plain: String, attending: String,
    count: Int
  ) throws(ArchitectureError) -> [BlockAttention] {
    let names = try configuration.strings(key, default: [plain])
    guard names.count == count else {
      throw configuration.value(
        key, expected: "\(count), as many as block_out_channels", found: "\(names.count)")
    }
    if let other = names.first(where: { $0 != plain && $0 != attending }) {
      throw configuration.value(key, expected: "\(plain) or \(attending)", .string(other))
    }
    return names.map { $0 == attending ? .pixels : .none }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    [try encoder(checkpoint), try decoder(checkpoint)]
  }
}

extension AutoencoderKL {
  private static let planes: [Dimension] = [.symbol("height"), .symbol("width")]

  /// Height and width that come out; only running the graph tells how they depend on what went in.
  private static let otherPlanes: [Dimension] = [.unknown, .unknown]

  private func encoder(_ checkpoint: Checkpoint) throws(ArchitectureError) -> Graph {
    let network = NetworkBuilder(name: "encoder", checkpoint: checkpoint)
    let sample = network.input(
      "sample", .float32, [.symbol("batch"), .fixed(inputChannels)] + Self.planes)
    let moments = latentChannels * 2
    var hidden = try network.scope("encoder") { () throws(ArchitectureError) in
      var hidden = try network.conv2d(sample, "conv_in", inputChannels, channels[0])
      var flow = BlockFlow()
      for index in channels.indices {
        let shape = shape(
          downAttention[index], channels[max(index - 1, 0)], channels[index], layers, index)
        hidden = try network.scope("down_blocks.\(index)") { () throws(ArchitectureError) in
          try network.downBlock(hidden, shape, settings, &flow).hidden
        }
      }
      hidden = try middle(network, hidden)
      return try finish(network, hidden, channels[channels.count - 1], moments)
    }
    if hasQuantConvolution {
      hidden = try network.conv2d(hidden, "quant_conv", moments, moments, kernel: 1)
    }
    let halves = network.split(hidden, into: 2, axis: 1)
    for (half, name) in zip(halves, ["latent_mean", "latent_logvar"]) {
      network.output(
        half, as: name, [.symbol("batch"), .fixed(latentChannels)] + Self.otherPlanes)
    }
    return try network.finished()
  }

  private func decoder(_ checkpoint: Checkpoint) throws(ArchitectureError) -> Graph {
    let network = NetworkBuilder(name: "decoder", checkpoint: checkpoint)
    var latent = network.input(
      "latent", .float32, [.symbol("batch"), .fixed(latentChannels)] + Self.planes)
    if hasPostQuantConvolution {
      latent = try network.conv2d(
        latent, "post_quant_conv", latentChannels, latentChannels, kernel: 1)
    }
    let image = try network.scope("decoder") { () throws(ArchitectureError) in
      let levels = Array(channels.reversed())
      var hidden = try network.conv2d(latent, "conv_in", latentChannels, levels[0])
      hidden = try middle(network, hidden)
      for index in levels.indices {
        let shape = shape(
          upAttention[index], levels[max(index - 1, 0)], levels[index], layers + 1, index)
        hidden = try network.scope("up_blocks.\(index)") { () throws(ArchitectureError) in
          try network.decoderBlock(hidden, shape, settings)
        }
      }
      return try finish(network, hidden, channels[0], outputChannels)
    }
    network.output(
      image, as: "image", [.symbol("batch"), .fixed(outputChannels)] + Self.otherPlanes)
    return try network.finished()
  }

  private func shape(
    _ attention: BlockAttention, _ inputs: Int, _ outputs: Int, _ layers: Int, _ index: Int
  ) -> BlockShape {
    BlockShape(
      kind: (attention, .convolution), inputs: inputs, outputs: outputs, layers: layers,
      resamples: index < channels.count - 1, headSize: outputs)
  }

  private func middle(
    _ network: NetworkBuilder, _ x: String
  ) throws(ArchitectureError) -> String {
    let last = channels[channels.count - 1]
    return try network.scope("mid_block") { () throws(ArchitectureError) in
      try network.midBlock(
        x, shape(.none, last, last, 1, 0), settings, BlockFlow(), middleAttention, scale: 1)
    }
  }

  private func finish(
    _ network: NetworkBuilder, _ x: String, _ inputs: Int, _ outputs: Int
  ) throws(ArchitectureError) -> String {
    let normed = try network.groupNorm(
      x, "conv_norm_out", inputs, groups: settings.groups ?? 32, epsilon: settings.epsilon)
    return try network.conv2d(network.silu(normed), "conv_out", inputs, outputs)
  }
}

extension NetworkBuilder {
  /// An upward block without skip connections (diffusers `UpDecoderBlock2D`,
  /// `AttnUpDecoderBlock2D`).
  fileprivate func decoderBlock(
    _ x: String, _ shape: BlockShape, _ settings: BlockSettings
  ) throws(ArchitectureError) -> String {
    var hidden = x
    for layer in 0..<shape.layers {
      let inputs = layer == 0 ? shape.inputs : shape.outputs
      hidden = try scope("resnets.\(layer)") { () throws(ArchitectureError) in
        try residual(hidden, nil, settings.residual(.convolution, inputs, shape.outputs))
      }
      hidden = try scope("attentions.\(layer)") { () throws(ArchitectureError) in
        try blockAttention(hidden, shape, settings, BlockFlow(), layer: layer)
      }
    }
    guard shape.resamples else { return hidden }
    return try conv2d(enlarged(hidden, by: 2), "upsamplers.0.conv", shape.outputs, shape.outputs)
  }
}
