import FileIO
import ModelGraph
import Tensors

/// diffusers `UNet2DConditionModel`: a UNet that attends to the tokens of a conditioning (Rombach
/// et al. 2022): Stable Diffusion 1, 2, XL, LCM, unCLIP, Kandinsky, IF, latent upscalers.
///
/// Inputs `sample` `[batch, in_channels, height, width]`, `timestep` `[batch]`,
/// `encoder_hidden_states` `[batch, tokens, size]`, and what the configuration asks for beside;
/// output `out_sample` `[batch, out_channels, height, width]`.
struct UNet2DConditionModel: Architecture {
  static let className = "UNet2DConditionModel"
  static let inertKeys: Set<String> = ["sample_size", "dropout", "upcast_attention"]

  private let inputChannels: Int
  private let outputChannels: Int
  private let inputKernel: Int
  private let outputKernel: Int
  private let centersSample: Bool
  private let conditioning: UNetConditioning
  private let skeleton: UNetSkeleton
  private let middle: (shape: BlockShape, attention: MidAttention, scale: Double)?

  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    inputChannels = try configuration.int("in_channels", default: 4)
    outputChannels = try configuration.int("out_channels", default: 4)
    inputKernel = try configuration.int("conv_in_kernel", default: 3, in: 1...255)
    outputKernel = try configuration.int("conv_out_kernel", default: 3, in: 1...255)
    centersSample = try configuration.bool("center_input_sample", default: false)
    try configuration.require("attention_type", is: "default")
    if configuration.raw("num_attention_heads") != nil {
      throw configuration.value(
        "num_attention_heads", expected: "null; attention_head_dim gives the number of heads",
        found: "a value")
    }
    let channels = try configuration.ints("block_out_channels", default: [320, 640, 1280, 1280])
    let blocks = try UNetBlockReader(configuration, channels: channels)
    skeleton = blocks.skeleton
    middle = try blocks.middle()
    conditioning = try UNetConditioning(
      configuration, channels: channels[0], contextSizes: blocks.contextSizes,
      activation: blocks.skeleton.settings.activation)
    guard inputChannels > conditioning.hintChannels else {
      throw configuration.value(
        "in_channels", expected: "more than the hint's \(conditioning.hintChannels)",
        found: "\(inputChannels)")
    }
  }

  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph] {
    let network = NetworkBuilder(name: Self.className, checkpoint: checkpoint)
    let planes: [Dimension] = [.symbol("height"), .symbol("width")]
    var sample = network.input(
      "sample", .float32,
      [.symbol("batch"), .fixed(inputChannels - conditioning.hintChannels)] + planes)
    let inputs = try conditioning.build(network, activation: skeleton.settings.activation)
    if centersSample {
      sample = network.add(
        "Sub", [network.add("Mul", [sample, network.real(2)]), network.real(1)])
    }
    if let hint = inputs.hint { sample = network.concat([sample, hint], axis: 1) }
    var flow = BlockFlow(time: inputs.time, context: inputs.context, image: nil)
    let start = try network.conv2d(
      sample, "conv_in", inputChannels, skeleton.channels[0], kernel: inputKernel,
      pads: Array(repeating: (inputKernel - 1) / 2, count: 4))
    let hidden = try network.walk(start, skeleton, &flow) {
      (hidden, flow) throws(ArchitectureError) in
      guard let middle else { return hidden }
      return try network.scope("mid_block") { () throws(ArchitectureError) in
        try network.midBlock(
          hidden, middle.shape, skeleton.settings, flow, middle.attention, scale: middle.scale)
      }
    }
    network.output(
      try finish(hidden, network), as: "out_sample",
      [.symbol("batch"), .fixed(outputChannels)] + planes)
    return [try network.finished()]
  }

  private func finish(
    _ x: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    var hidden = x
    let first = skeleton.channels[0]
    if let groups = skeleton.settings.groups {
      hidden = try network.groupNorm(
        hidden, "conv_norm_out", first, groups: groups, epsilon: skeleton.settings.epsilon)
      hidden = network.activation(skeleton.settings.activation, hidden)
    }
    return try network.conv2d(
      hidden, "conv_out", first, outputChannels, kernel: outputKernel,
      pads: Array(repeating: (outputKernel - 1) / 2, count: 4))
  }
}
