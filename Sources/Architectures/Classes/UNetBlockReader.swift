import FileIO

/// Reads the blocks of a `UNet2DConditionModel` out of its configuration.
struct UNetBlockReader {
  /// The blocks.
  private(set) var skeleton: UNetSkeleton
  /// The extent of text tokens, level by level.
  let contextSizes: [Int]

  private let configuration: ConfigurationReader
  private let heads: [Int]
  private let transformerLayers: [[Int]]
  private let middleIsOnlyCross: Bool
  private let middleType: String?
  private let middleScale: Double

  init(
    _ configuration: ConfigurationReader, channels: [Int]
  ) throws(ArchitectureError) {
    self.configuration = configuration
    let count = channels.count
    let heads = try configuration.optionalPerBlock("attention_head_dim", count: count)
    self.heads = heads ?? Array(repeating: 8, count: count)
    let sizes = try configuration.optionalPerBlock("cross_attention_dim", count: count)
    contextSizes = sizes ?? Array(repeating: 1280, count: count)
    let layers = try configuration.optionalPerBlock(
      "layers_per_block", count: count, in: 1...ConfigurationReader.maximumCount)
    let isOnlyCross = try configuration.perBlock(
      "only_cross_attention", count: count, default: false)
    middleIsOnlyCross = try Self.middleIsOnlyCross(configuration, isOnlyCross)
    middleType = try Self.middleType(configuration)
    middleScale = try configuration.double("mid_block_scale_factor", default: 1)
    skeleton = UNetSkeleton(channels: channels, settings: try Self.settings(configuration))
    let layersPerBlock = layers ?? Array(repeating: 2, count: count)
    transformerLayers =
      try configuration.transformerLayers(
        "transformer_layers_per_block", layersPerBlock)
      ?? layersPerBlock.map {
        Array(repeating: 1, count: $0 + 1)
      }
    try addBlocks(layersPerBlock, isOnlyCross)
  }

  private static func settings(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> BlockSettings {
    var settings = try BlockSettings(normalizing: configuration)
    settings.timeScaleShift = try configuration.timeScaleShift()
    settings.skipsTimeActivation = try configuration.bool("resnet_skip_time_act", default: false)
    settings.outputScale = try configuration.double("resnet_out_scale_factor", default: 1)
    settings.downsamplePadding = try configuration.int("downsample_padding", default: 1, in: 0...1)
    settings.upsamplesToSkip = true
    settings.usesLinearProjection = try configuration.bool("use_linear_projection", default: false)
    settings.isDual = try configuration.bool("dual_cross_attention", default: false)
    if let norm = try configuration.optionalString("cross_attention_norm") {
      guard let known = CrossAttentionNorm(rawValue: norm) else {
        throw configuration.value(
          "cross_attention_norm", expected: "null, layer_norm or group_norm", .string(norm))
      }
      settings.crossNorm = known
    }
    return settings
  }

  /// A single value for all blocks holds for the middle one too; a list does not.
  private static func middleIsOnlyCross(
    _ configuration: ConfigurationReader, _ isOnlyCross: [Bool]
  ) throws(ArchitectureError) -> Bool {
    let key = "mid_block_only_cross_attention"
    let isList = configuration.raw("only_cross_attention")?.elements != nil
    return try configuration.bool(key, default: isList ? false : isOnlyCross[0])
  }

  private static func middleType(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> String? {
    let key = "mid_block_type"
    guard configuration.has(key) else { return "UNetMidBlock2DCrossAttn" }
    return try configuration.optionalString(key)
  }
}

extension UNetBlockReader {
  private mutating func addBlocks(
    _ layers: [Int], _ isOnlyCross: [Bool]
  ) throws(ArchitectureError) {
    let count = skeleton.channels.count
    let downTypes: [DownBlockType] = try configuration.blockTypes(
      "down_block_types",
      default: [
        "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D",
      ])
    let upTypes: [UpBlockType] = try configuration.blockTypes(
      "up_block_types",
      default: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"])
    try configuration.requireCounts(count, down: downTypes.count, up: upTypes.count)
    let upLayers =
      try configuration.transformerLayers(
        "reverse_transformer_layers_per_block", Array(layers.reversed())
      ) ?? transformerLayers.reversed()
    for (index, type) in downTypes.enumerated() {
      let channels = skeleton.channels
      var shape = BlockShape(
        kind: type.kind, inputs: channels[max(index - 1, 0)], outputs: channels[index],
        layers: layers[index], resamples: index < count - 1, headSize: heads[index])
      try complete(&shape, level: index, transformerLayers[index], isOnlyCross[index])
      try requireKnownKind(shape, "down_block_types", type.rawValue)
      skeleton.down.append(shape)
    }
    for (index, type) in upTypes.enumerated() {
      let level = count - 1 - index
      let (previous, outputs, inputs) = skeleton.upChannels(index)
      // diffusers counts the sizes of heads from the other end than everything else here.
      var shape = BlockShape(
        kind: type.kind, inputs: inputs, outputs: outputs, previousOutputs: previous,
        layers: layers[level] + (type.kind.resampling == .reflected ? 0 : 1),
        resamples: index < count - 1, headSize: heads[index])
      try complete(&shape, level: level, upLayers[index], isOnlyCross[level])
      try requireKnownKind(shape, "up_block_types", type.rawValue)
      skeleton.up.append(shape)
    }
  }

  private func complete(
    _ shape: inout BlockShape, level: Int, _ transformerLayers: [Int], _ isOnlyCross: Bool
  ) throws(ArchitectureError) {
    guard transformerLayers.count >= shape.layers else {
      throw configuration.value(
        "transformer_layers_per_block", expected: "\(shape.layers) numbers for a block",
        found: "\(transformerLayers.count)")
    }
    shape.heads = heads[level]
    shape.contextSize = contextSizes[level]
    shape.transformerLayers = transformerLayers
    shape.isOnlyCross = isOnlyCross
  }

  /// Image skips pass images between blocks, which this class does not.
  private func requireKnownKind(
    _ shape: BlockShape, _ key: String, _ type: String
  ) throws(ArchitectureError) {
    if shape.kind.resampling == .imageSkip {
      throw configuration.value(key, expected: "blocks without image skips", found: type)
    }
  }

  /// The middle block; nil where there is none.
  ///
  /// - Throws: `ArchitectureError.value` for a class that is not known.
  func middle() throws(ArchitectureError) -> (
    shape: BlockShape, attention: MidAttention, scale: Double
  )? {
    let level = skeleton.channels.count - 1
    let channels = skeleton.channels[level]
    var shape = BlockShape(
      kind: (.none, .convolution), inputs: channels, outputs: channels, layers: 1,
      resamples: false, headSize: heads[level])
    try complete(&shape, level: level, transformerLayers[level], middleIsOnlyCross)
    switch middleType {
    case nil: return nil
    case "UNetMidBlock2DCrossAttn":
      shape.isOnlyCross = false
      return (shape, .transformer, middleScale)
    case "UNetMidBlock2DSimpleCrossAttn": return (shape, .addedKeys, middleScale)
    case "UNetMidBlock2D": return (shape, .single, middleScale)
    case let other?:
      throw configuration.value(
        "mid_block_type",
        expected:
          "null, UNetMidBlock2D, UNetMidBlock2DCrossAttn or UNetMidBlock2DSimpleCrossAttn",
        .string(other))
    }
  }
}

extension ConfigurationReader {
  /// How many blocks each transformer has, for each level and layer: one number for all, one for
  /// each level, or a list for a level; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  fileprivate func transformerLayers(
    _ key: String, _ layers: [Int]
  ) throws(ArchitectureError) -> [[Int]]? {
    guard let found = raw(key) else { return nil }
    let levels = found.elements ?? Array(repeating: found, count: layers.count)
    guard levels.count == layers.count else {
      throw value(key, expected: "\(layers.count) entries, one for each block", found)
    }
    var result: [[Int]] = []
    for (level, count) in zip(levels, layers) {
      let numbers = level.elements ?? Array(repeating: level, count: count + 1)
      let whole = numbers.compactMap(\.int).filter { (1...Self.maximumCount).contains($0) }
      guard whole.count == numbers.count, whole.count >= count else {
        throw value(key, expected: "numbers of layers, \(count) or more in a list", level)
      }
      // A list as long as a downward block's layers may be short for an upward block.
      result.append(whole)
    }
    return result
  }
}
