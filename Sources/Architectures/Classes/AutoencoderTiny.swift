import FileIO
import ModelGraph
import Tensors

/// diffusers `AutoencoderTiny` (Ollin Boer Bohan's TAESD).
///
/// Two graphs: `encoder` from `sample` `[batch, in_channels, height, width]` in -1 … 1 to `latent`,
/// and `decoder` from `latent` `[batch, latent_channels, height, width]` to `image` in -1 … 1.
struct AutoencoderTiny: Architecture {
  static let className = "AutoencoderTiny"
  static let inertKeys: Set<String> = [
    "block_out_channels", "latent_magnitude", "latent_shift", "scaling_factor", "shift_factor",
    "force_upcast",
  ]

  /// How pixels are enlarged.
  private enum Enlargement: String, CaseIterable {
    case nearest
    case nearestExact = "nearest-exact"
    case bilinear
    case bicubic
  }

  /// One half: how many residual blocks each level has, and the channels of all.
  private struct Half {
    let blocks: [Int]
    let channels: Int
  }

  private let inputChannels: Int
  private let outputChannels: Int
  private let latentChannels: Int
  private let encoderHalf: Half
  private let decoderHalf: Half
  private let activation: Activation
  private let enlargement: Enlargement
  private let factor: Int

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    inputChannels = try configuration.int("in_channels", default: 3)
    outputChannels = try configuration.int("out_channels", default: 3)
    latentChannels = try configuration.int("latent_channels", default: 4)
    encoderHalf = try Self.half(configuration, "encoder", blocks: [1, 3, 3, 3])
    decoderHalf = try Self.half(configuration, "decoder", blocks: [3, 3, 3, 1])
    activation = try configuration.choice("act_fn", default: .relu)
    enlargement = try configuration.choice("upsample_fn", default: .nearest)
    factor = try configuration.int("upsampling_scaling_factor", default: 2, in: 1...1024)
  }

  private static func half(
    _ configuration: ConfigurationReader, _ name: String, blocks: [Int]
  ) throws(ArchitectureError) -> Half {
    let key = "\(name)_block_out_channels"
    let channels = try configuration.ints(key, default: [64, 64, 64, 64])
    let blocks = try configuration.ints(
      "num_\(name)_blocks", default: blocks, in: 0...ConfigurationReader.maximumCount)
    guard channels.count == blocks.count else {
      throw configuration.value(
        key, expected: "\(blocks.count), as many as num_\(name)_blocks", found: "\(channels.count)")
    }
    guard Set(channels).count == 1 else {
      throw configuration.value(
        key, expected: "the same channels at every level", found: "\(channels)")
    }
    return Half(blocks: blocks, channels: channels[0])
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    [try encoder(checkpoint), try decoder(checkpoint)]
  }
}

extension AutoencoderTiny {
  private static let planes: [Dimension] = [.symbol("height"), .symbol("width")]

  private func encoder(_ checkpoint: Checkpoint) throws(ArchitectureError) -> Graph {
    let network = NetworkBuilder(name: "encoder", checkpoint: checkpoint)
    let sample = network.input(
      "sample", .float32, [.symbol("batch"), .fixed(inputChannels)] + Self.planes)
    var hidden = network.add("Add", [sample, network.real(1)])
    hidden = network.add("Div", [hidden, network.real(2)])
    let channels = encoderHalf.channels
    var layers = LayerCounter("encoder.layers")
    for (level, count) in encoderHalf.blocks.enumerated() {
      hidden = try network.conv2d(
        hidden, layers.next(), level == 0 ? inputChannels : channels, channels,
        stride: level == 0 ? 1 : 2, bias: level == 0)
      for _ in 0..<count { hidden = try block(network, hidden, layers.next(), channels) }
    }
    hidden = try network.conv2d(hidden, layers.next(), channels, latentChannels)
    network.output(
      hidden, as: "latent", [.symbol("batch"), .fixed(latentChannels), .unknown, .unknown])
    return try network.finished()
  }

  private func decoder(_ checkpoint: Checkpoint) throws(ArchitectureError) -> Graph {
    let network = NetworkBuilder(name: "decoder", checkpoint: checkpoint)
    let latent = network.input(
      "latent", .float32, [.symbol("batch"), .fixed(latentChannels)] + Self.planes)
    // Latents beyond -3 … 3 are bent back.
    var hidden = network.add("Tanh", [network.add("Div", [latent, network.real(3)])])
    hidden = network.add("Mul", [hidden, network.real(3)])
    let channels = decoderHalf.channels
    var layers = LayerCounter("decoder.layers")
    hidden = try network.conv2d(hidden, layers.next(), latentChannels, channels)
    hidden = network.activation(activation, hidden)
    layers.skip()
    for (level, count) in decoderHalf.blocks.enumerated() {
      for _ in 0..<count { hidden = try block(network, hidden, layers.next(), channels) }
      let isLast = level == decoderHalf.blocks.count - 1
      if !isLast {
        hidden = enlarged(network, hidden)
        layers.skip()
      }
      hidden = try network.conv2d(
        hidden, layers.next(), channels, isLast ? outputChannels : channels, bias: isLast)
    }
    let image = network.add(
      "Sub", [network.add("Mul", [hidden, network.real(2)]), network.real(1)])
    network.output(
      image, as: "image", [.symbol("batch"), .fixed(outputChannels), .unknown, .unknown])
    return try network.finished()
  }

  /// relu(conv.4(act(conv.2(act(conv.0 x)))) + x).
  private func block(
    _ network: NetworkBuilder, _ x: String, _ name: String, _ channels: Int
  ) throws(ArchitectureError) -> String {
    var hidden = try network.conv2d(x, "\(name).conv.0", channels, channels)
    for index in [2, 4] {
      hidden = try network.conv2d(
        network.activation(activation, hidden), "\(name).conv.\(index)", channels, channels)
    }
    return network.activation(.relu, network.add("Add", [hidden, x]))
  }

  /// torch `Upsample`: corners are not aligned.
  private func enlarged(_ network: NetworkBuilder, _ x: String) -> String {
    let scale = Float(factor)
    let attributes: [String: AttributeValue] =
      switch enlargement {
      case .nearest: [:]
      case .nearestExact:
        [
          "mode": .text("nearest"), "coordinate_transformation_mode": .text("half_pixel"),
          "nearest_mode": .text("round_prefer_ceil"),
        ]
      case .bilinear:
        ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")]
      case .bicubic:
        [
          "mode": .text("cubic"), "coordinate_transformation_mode": .text("half_pixel"),
          "cubic_coeff_a": .float(-0.75),
        ]
      }
    guard !attributes.isEmpty else { return network.enlarged(x, by: factor) }
    return network.add("Resize", [x, "", network.reals([1, 1, scale, scale], [4])], attributes)
  }
}

/// Counts the layers of a torch `Sequential`.
private struct LayerCounter {
  private let prefix: String
  private var index = 0

  init(_ prefix: String) { self.prefix = prefix }

  /// The name of the next layer.
  mutating func next() -> String {
    defer { index += 1 }
    return "\(prefix).\(index)"
  }

  /// Passes a layer without parameters.
  mutating func skip() { index += 1 }
}
