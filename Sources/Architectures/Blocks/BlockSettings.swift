/// What all blocks of a UNet have in common.
struct BlockSettings {
  /// What variances are raised by.
  var epsilon: Double
  /// The activation function.
  var activation: Activation
  /// Groups of normalisations; nil where each block has its own rule.
  var groups: Int?
  /// How time enters residual blocks.
  var timeScaleShift = TimeScaleShift.add
  /// Whether time is projected without an activation before, in blocks that resample by residual
  /// blocks.
  var skipsTimeActivation = false
  /// What sums are divided by in those blocks.
  var outputScale = 1.0
  /// The padding of convolutions that halve.
  var downsamplePadding = 1
  /// Whether blocks with attention over pixels halve by residual blocks.
  var attentionDownsamplesByResidual = false
  /// Whether blocks with attention over pixels double by residual blocks.
  var attentionUpsamplesByResidual = false
  /// Whether doubling convolutions meet the size of the skip connection, odd ones too.
  var upsamplesToSkip = false
  /// Whether transformers project tokens by a linear layer rather than a convolution.
  var usesLinearProjection = false
  /// Whether there are two transformers, for two kinds of tokens (Versatile Diffusion).
  var isDual = false
  /// How text is normalised in blocks with added keys.
  var crossNorm: CrossAttentionNorm?
}

/// How text is normalised before keys and values are projected.
enum CrossAttentionNorm: String, CaseIterable, Sendable {
  /// Over the last axis.
  case layer = "layer_norm"
  /// In 32 groups of channels over all tokens.
  case group = "group_norm"
}

/// One block's own configuration.
struct BlockShape {
  /// Its attention and how it resamples.
  var kind: (attention: BlockAttention, resampling: BlockResampling)
  /// Channels in; in upward blocks, channels of the skip connection met last.
  var inputs: Int
  /// Channels out.
  var outputs: Int
  /// Channels of the block before, in upward blocks.
  var previousOutputs = 0
  /// How many residual blocks.
  var layers: Int
  /// Whether height and width change at the end.
  var resamples: Bool
  /// Channels of each head of attention over pixels.
  var headSize: Int
  /// How many heads transformers have.
  var heads = 1
  /// The extent of text tokens.
  var contextSize = 0
  /// How many blocks each transformer has, residual block by residual block.
  var transformerLayers: [Int] = []
  /// Whether transformers attend to the text in place of the pixels too.
  var isOnlyCross = false
}

/// What flows through the blocks beside the hidden states.
struct BlockFlow {
  /// The time embedding; nil in autoencoders.
  var time: TimeConditioning?
  /// The tokens of the conditioning, `[N, T, contextSize]`; nil in unconditional networks.
  var context: String?
  /// The path of filtered images; nil where there is none, or none yet.
  var image: String?
}

extension BlockSettings {
  /// The groups that normalisations of `channels` have in blocks of that kind.
  func groups(_ resampling: BlockResampling, _ channels: Int) -> Int {
    switch resampling {
    case .convolution, .residual: groups ?? min(channels / 4, 32)
    case .imageSkip: min(channels / 4, 32)
    case .reflected: channels / 32
    }
  }

  /// A residual block from `inputs` to `outputs` in a block of that kind.
  func residual(_ kind: BlockResampling, _ inputs: Int, _ outputs: Int) -> ResidualBlock {
    var block = ResidualBlock(
      inputs: inputs, outputs: outputs, groups: groups(kind, inputs),
      groupsOut: groups(kind, outputs), epsilon: epsilon, activation: activation,
      timeScaleShift: timeScaleShift)
    switch kind {
    case .convolution: break
    case .residual:
      block.skipsTimeActivation = skipsTimeActivation
      block.outputScale = outputScale
    case .imageSkip: block.outputScale = 2.0.squareRoot()
    case .reflected:
      block.timeScaleShift = .adaptiveGroups
      block.hasShortcutBias = false
    }
    return block
  }
}
