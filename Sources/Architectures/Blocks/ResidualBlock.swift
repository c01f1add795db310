import ModelGraph

/// A residual block of two convolutions (diffusers `ResnetBlock2D` and, with `.adaptiveGroups`,
/// `ResnetBlockCondNorm2D`).
///
/// y = (shortcut(x) + conv2(act(norm2(conv1(resample(act(norm1(x)))) + time)))) / outputScale.
struct ResidualBlock {
  /// Channels in.
  var inputs: Int
  /// Channels after the first convolution.
  var outputs: Int
  /// Groups of the first normalisation.
  var groups: Int
  /// Groups of the second normalisation; nil for `groups`.
  var groupsOut: Int?
  /// What variances are raised by.
  var epsilon: Double
  /// The activation function.
  var activation: Activation
  /// How time enters.
  var timeScaleShift = TimeScaleShift.add
  /// Whether the time embedding is projected without an activation before.
  var skipsTimeActivation = false
  /// What the sum is divided by.
  var outputScale = 1.0
  /// Whether there is a 1×1 convolution in the shortcut; nil where channels differ only.
  var hasShortcut: Bool?
  /// Whether that convolution has a bias.
  var hasShortcutBias = true
  /// Channels after the second convolution; nil for `outputs`.
  var finalOutputs: Int?
  /// What resamples both branches.
  var resampling: Resampling?
}

extension NetworkBuilder {
  /// `block` on `x` `[N, block.inputs, H, W]`; `time` is nil in autoencoders.
  func residual(
    _ x: String, _ time: TimeConditioning?, _ block: ResidualBlock
  ) throws(ArchitectureError) -> String {
    var hidden = try normalized(x, "norm1", block.inputs, block.groups, time, block)
    hidden = activation(block.activation, hidden)
    var shortcut = x
    if let resampling = block.resampling {
      shortcut = resampled(shortcut, resampling, channels: block.inputs)
      hidden = resampled(hidden, resampling, channels: block.inputs)
    }
    hidden = try conv2d(hidden, "conv1", block.inputs, block.outputs)
    hidden = try conditioned(hidden, time, block)
    hidden = activation(block.activation, hidden)
    let outputs = block.finalOutputs ?? block.outputs
    hidden = try conv2d(hidden, "conv2", block.outputs, outputs)
    if block.hasShortcut ?? (block.inputs != outputs) {
      shortcut = try conv2d(
        shortcut, "conv_shortcut", block.inputs, outputs, kernel: 1, bias: block.hasShortcutBias)
    }
    return divided(add("Add", [shortcut, hidden]), by: block.outputScale)
  }

  /// The second normalisation with the time embedding before or after it.
  private func conditioned(
    _ x: String, _ time: TimeConditioning?, _ block: ResidualBlock
  ) throws(ArchitectureError) -> String {
    let groups = block.groupsOut ?? block.groups
    guard let time, block.timeScaleShift != .adaptiveGroups else {
      return try normalized(x, "norm2", block.outputs, groups, time, block)
    }
    let embedding = block.skipsTimeActivation ? time.value : time.activated
    let isShift = block.timeScaleShift == .add
    let projected = unsqueeze(
      try linear(embedding, "time_emb_proj", time.size, block.outputs * (isShift ? 1 : 2)), [2, 3])
    if isShift {
      return try normalized(
        add("Add", [x, projected]), "norm2", block.outputs, groups, time, block)
    }
    let normed = try normalized(x, "norm2", block.outputs, groups, time, block)
    return modulated(normed, scaleAndShift: projected)
  }

  private func normalized(
    _ x: String, _ name: String, _ channels: Int, _ groups: Int, _ time: TimeConditioning?,
    _ block: ResidualBlock
  ) throws(ArchitectureError) -> String {
    guard block.timeScaleShift == .adaptiveGroups, let time else {
      return try groupNorm(x, name, channels, groups: groups, epsilon: block.epsilon)
    }
    return try adaptiveGroupNorm(x, name, channels, groups, time, epsilon: block.epsilon)
  }

  /// Group normalisation scaled and shifted by a projection of the time embedding (diffusers
  /// `AdaGroupNorm`).
  func adaptiveGroupNorm(
    _ x: String, _ name: String, _ channels: Int, _ groups: Int, _ time: TimeConditioning,
    epsilon: Double
  ) throws(ArchitectureError) -> String {
    let normed = try plainGroupNorm(x, name, channels, groups: groups, epsilon: epsilon)
    let projected = try linear(time.value, "\(name).linear", time.size, channels * 2)
    return modulated(normed, scaleAndShift: unsqueeze(projected, [2, 3]))
  }

  /// x (1 + scale) + shift, both halves of `scaleAndShift` along axis 1.
  private func modulated(_ x: String, scaleAndShift: String) -> String {
    let parts = split(scaleAndShift, into: 2, axis: 1)
    let scaled = add("Mul", [x, add("Add", [parts[0], real(1)])])
    return add("Add", [scaled, parts[1]])
  }

  /// `x` over `divisor`; `x` itself where that is 1.
  func divided(_ x: String, by divisor: Double) -> String {
    divisor == 1 ? x : add("Div", [x, real(Float(divisor))])
  }
}
