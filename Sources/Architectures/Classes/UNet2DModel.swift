import FileIO
import ModelGraph
import Tensors

/// diffusers `UNet2DModel`: a UNet over images with a timestep and perhaps a class (Ho et al. 2020;
/// with Fourier features and image skips NCSN++, Song et al. 2021).
///
/// Inputs `sample` `[batch, in_channels, height, width]`, `timestep` `[batch]`, perhaps
/// `class_labels`; output `out_sample` `[batch, out_channels, height, width]`.
struct UNet2DModel: Architecture {
  static let className = "UNet2DModel"
  static let inertKeys: Set<String> = ["sample_size", "dropout"]

  private let inputChannels: Int
  private let outputChannels: Int
  private let centersSample: Bool
  private let time: UNet2DTime
  private let skeleton: UNetSkeleton
  private let middle: (shape: BlockShape, attention: MidAttention, scale: Double)?

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    inputChannels = try configuration.int("in_channels", default: 3)
    outputChannels = try configuration.int("out_channels", default: 3)
    centersSample = try configuration.bool("center_input_sample", default: false)
    let channels = try configuration.ints("block_out_channels", default: [224, 448, 672, 896])
    time = try UNet2DTime(configuration, channels: channels[0])
    let settings = try Self.settings(configuration)
    var skeleton = UNetSkeleton(channels: channels, settings: settings)
    let headSize = try configuration.optionalInt("attention_head_dim") ?? 8
    let ownHeads =
      configuration.has("attention_head_dim")
      && configuration.raw("attention_head_dim") == nil
    let layers = try configuration.int(
      "layers_per_block", default: 2, in: 1...ConfigurationReader.maximumCount)
    try skeleton.addBlocks(configuration, layers: layers) { ownHeads ? $0 : headSize }
    self.skeleton = skeleton
    try Self.checkImageSkip(skeleton, configuration, inputChannels, outputChannels)
    middle = try Self.middle(
      configuration, settings, channels: channels[channels.count - 1],
      headSize: ownHeads ? channels[channels.count - 1] : headSize)
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let planes: [Dimension] = [.symbol("height"), .symbol("width")]
    var sample = network.input(
      "sample", .float32, [.symbol("batch"), .fixed(inputChannels)] + planes)
    let timestep = network.input("timestep", time.dtype, [.symbol("batch")])
    let conditioning = try time.embedding(timestep, network, skeleton.settings.activation)
    if centersSample {
      sample = network.add(
        "Sub", [network.add("Mul", [sample, network.real(2)]), network.real(1)])
    }
    var flow = BlockFlow(time: conditioning, context: nil, image: sample)
    let start = try network.conv2d(sample, "conv_in", inputChannels, skeleton.channels[0])
    var hidden = try network.walk(start, skeleton, &flow) {
      (hidden, flow) throws(ArchitectureError) in
      guard let middle else { return hidden }
      return try network.scope("mid_block") { () throws(ArchitectureError) in
        try network.midBlock(
          hidden, middle.shape, skeleton.settings, flow, middle.attention, scale: middle.scale)
      }
    }
    let first = skeleton.channels[0]
    hidden = try network.groupNorm(
      hidden, "conv_norm_out", first, groups: skeleton.settings.groups ?? min(first / 4, 32),
      epsilon: skeleton.settings.epsilon)
    hidden = try network.conv2d(network.silu(hidden), "conv_out", first, outputChannels)
    if let image = flow.image { hidden = network.add("Add", [hidden, image]) }
    hidden = time.divided(hidden, timestep, network)
    network.output(
      hidden, as: "out_sample", [.symbol("batch"), .fixed(outputChannels)] + planes)
    return [try network.finished()]
  }
}

extension UNet2DModel {
  private static func settings(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> BlockSettings {
    var settings = try BlockSettings(normalizing: configuration)
    settings.timeScaleShift = try configuration.timeScaleShift()
    settings.downsamplePadding = try configuration.int(
      "downsample_padding", default: 1, in: 0...1)
    settings.attentionDownsamplesByResidual =
      try configuration.choice("downsample_type", default: ResamplingType.convolution) == .residual
    settings.attentionUpsamplesByResidual =
      try configuration.choice("upsample_type", default: ResamplingType.convolution) == .residual
    return settings
  }

  private static func middle(
    _ configuration: ConfigurationReader, _ settings: BlockSettings, channels: Int, headSize: Int
  ) throws(ArchitectureError) -> (shape: BlockShape, attention: MidAttention, scale: Double)? {
    let isNull = configuration.has("mid_block_type") && configuration.raw("mid_block_type") == nil
    try configuration.require("mid_block_type", is: "UNetMidBlock2D")
    let scale = try configuration.double("mid_block_scale_factor", default: 1)
    let hasAttention = try configuration.bool("add_attention", default: true)
    let fallback =
      settings.timeScaleShift == .add ? settings.groups(.convolution, channels) : nil
    let groups = try configuration.optionalInt("attn_norm_num_groups") ?? fallback
    guard !isNull else { return nil }
    let shape = BlockShape(
      kind: (.none, .convolution), inputs: channels, outputs: channels, layers: 1,
      resamples: false, headSize: headSize)
    return (shape, hasAttention ? .pixels(groups: groups) : .none, scale)
  }

  /// The path of filtered images has three channels.
  private static func checkImageSkip(
    _ skeleton: UNetSkeleton, _ configuration: ConfigurationReader, _ inputs: Int, _ outputs: Int
  ) throws(ArchitectureError) {
    func hasSkip(_ blocks: [BlockShape]) -> Bool {
      blocks.contains { $0.kind.resampling == .imageSkip }
    }
    if hasSkip(skeleton.down), inputs != 3 {
      throw configuration.value(
        "in_channels", expected: "3 where blocks skip images", found: "\(inputs)")
    }
    if hasSkip(skeleton.up), outputs != 3 {
      throw configuration.value(
        "out_channels", expected: "3 where blocks skip images", found: "\(outputs)")
    }
  }
}

/// How blocks with attention over pixels resample.
private enum ResamplingType: String, CaseIterable {
  case convolution = "conv"
  case residual = "resnet"
}

extension ConfigurationReader {
  /// How time enters residual blocks: `default` or `scale_shift`.
  ///
  /// - Throws: `ArchitectureError.value`.
  func timeScaleShift() throws(ArchitectureError) -> TimeScaleShift {
    let key = "resnet_time_scale_shift"
    let shift: TimeScaleShift = try choice(key, default: .add)
    guard shift != .adaptiveGroups else {
      throw value(key, expected: "default or scale_shift", found: shift.rawValue)
    }
    return shift
  }
}

extension UNetSkeleton {
  /// The blocks of `down_block_types` and `up_block_types`; `headSize` tells the channels of each
  /// head by a block's channels.
  ///
  /// - Throws: `ArchitectureError.value` where the lists do not match, or a block needs text.
  mutating func addBlocks(
    _ configuration: ConfigurationReader, layers: Int, headSize: (Int) -> Int
  ) throws(ArchitectureError) {
    let downTypes: [DownBlockType] = try configuration.blockTypes(
      "down_block_types",
      default: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"])
    let upTypes: [UpBlockType] = try configuration.blockTypes(
      "up_block_types", default: ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"])
    try configuration.requireCounts(channels.count, down: downTypes.count, up: upTypes.count)
    for (index, type) in downTypes.enumerated() {
      try configuration.requireNoText("down_block_types", type.rawValue, type.kind)
      down.append(
        BlockShape(
          kind: type.kind, inputs: channels[max(index - 1, 0)], outputs: channels[index],
          layers: layers, resamples: index < channels.count - 1,
          headSize: headSize(channels[index])))
    }
    for (index, type) in upTypes.enumerated() {
      try configuration.requireNoText("up_block_types", type.rawValue, type.kind)
      let (previous, outputs, inputs) = upChannels(index)
      up.append(
        BlockShape(
          kind: type.kind, inputs: inputs, outputs: outputs, previousOutputs: previous,
          layers: type.kind.resampling == .reflected ? layers : layers + 1,
          resamples: index < channels.count - 1, headSize: headSize(outputs)))
    }
  }
}

extension ConfigurationReader {
  /// - Throws: `ArchitectureError.value` unless there are as many blocks as levels.
  func requireCounts(_ levels: Int, down: Int, up: Int) throws(ArchitectureError) {
    guard down == levels else {
      throw value(
        "down_block_types", expected: "\(levels), as many as block_out_channels", found: "\(down)")
    }
    guard up == levels else {
      throw value(
        "up_block_types", expected: "\(levels), as many as block_out_channels", found: "\(up)")
    }
  }

  fileprivate func requireNoText(
    _ key: String, _ type: String, _ kind: (attention: BlockAttention, resampling: BlockResampling)
  ) throws(ArchitectureError) {
    if kind.attention.needsContext {
      throw value(key, expected: "blocks without attention over text", found: type)
    }
  }
}
