/// What attention a block has after each residual block.
enum BlockAttention {
  /// None.
  case none
  /// Over pixels.
  case pixels
  /// Transformers over pixels and text.
  case transformers
  /// Over pixels and text together, text through keys and values of its own.
  case addedKeys
  /// Pixels, then text, without a feed-forward part (diffusers `KAttentionBlock`).
  case pixelsThenText
}

/// How a block changes height and width at its end.
enum BlockResampling {
  /// By a convolution.
  case convolution
  /// By a residual block.
  case residual
  /// By a filtered residual block, with a second path of filtered images beside (NCSN++).
  case imageSkip
  /// By a filter over reflected borders (k-diffusion's UNet).
  case reflected
}

/// A downward block by its class, without `UNetRes` before.
enum DownBlockType: String, CaseIterable {
  case plain = "DownBlock2D"
  case attention = "AttnDownBlock2D"
  case crossAttention = "CrossAttnDownBlock2D"
  case residual = "ResnetDownsampleBlock2D"
  case simpleCrossAttention = "SimpleCrossAttnDownBlock2D"
  case skip = "SkipDownBlock2D"
  case attentionSkip = "AttnSkipDownBlock2D"
  case reflected = "KDownBlock2D"
  case reflectedCrossAttention = "KCrossAttnDownBlock2D"

  var kind: (attention: BlockAttention, resampling: BlockResampling) {
    switch self {
    case .plain: (.none, .convolution)
    case .attention: (.pixels, .convolution)
    case .crossAttention: (.transformers, .convolution)
    case .residual: (.none, .residual)
    case .simpleCrossAttention: (.addedKeys, .residual)
    case .skip: (.none, .imageSkip)
    case .attentionSkip: (.pixels, .imageSkip)
    case .reflected: (.none, .reflected)
    case .reflectedCrossAttention: (.pixelsThenText, .reflected)
    }
  }
}

/// An upward block by its class, without `UNetRes` before.
enum UpBlockType: String, CaseIterable {
  case plain = "UpBlock2D"
  case attention = "AttnUpBlock2D"
  case crossAttention = "CrossAttnUpBlock2D"
  case residual = "ResnetUpsampleBlock2D"
  case simpleCrossAttention = "SimpleCrossAttnUpBlock2D"
  case skip = "SkipUpBlock2D"
  case attentionSkip = "AttnSkipUpBlock2D"
  case reflected = "KUpBlock2D"
  case reflectedCrossAttention = "KCrossAttnUpBlock2D"

  var kind: (attention: BlockAttention, resampling: BlockResampling) {
    switch self {
    case .plain: (.none, .convolution)
    case .attention: (.pixels, .convolution)
    case .crossAttention: (.transformers, .convolution)
    case .residual: (.none, .residual)
    case .simpleCrossAttention: (.addedKeys, .residual)
    case .skip: (.none, .imageSkip)
    case .attentionSkip: (.pixels, .imageSkip)
    case .reflected: (.none, .reflected)
    case .reflectedCrossAttention: (.pixelsThenText, .reflected)
    }
  }
}

extension BlockAttention {
  /// Whether the block attends to text.
  var needsContext: Bool {
    switch self {
    case .none, .pixels: false
    case .transformers, .addedKeys, .pixelsThenText: true
    }
  }
}

extension ConfigurationReader {
  /// A list of block classes, at least one.
  ///
  /// - Throws: `ArchitectureError.value` for a class that is not known.
  func blockTypes<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: [String]
  ) throws(ArchitectureError) -> [Choice] where Choice.RawValue == String {
    let names = try strings(key, default: fallback)
    var types: [Choice] = []
    for name in names {
      let short = name.hasPrefix("UNetRes") ? String(name.dropFirst(7)) : name
      guard let type = Choice(rawValue: short) else {
        throw value(
          key,
          expected: "blocks among " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
          .string(name))
      }
      types.append(type)
    }
    guard !types.isEmpty else { throw value(key, expected: "at least one block", found: "none") }
    return types
  }
}
