import Tensors

/// The names that a UNet's layers have in the original Stable Diffusion layout, which LoRA files of
/// XL use: `input_blocks.4.1.proj_in` for `down_blocks.1.attentions.0.proj_in`.
struct OriginalLayerNames {
  private let blocks: Int
  /// Resolutions, from the first upwards, whose blocks are followed by transformers.
  private let attendingLevels: Set<String>

  /// The names for a checkpoint of `tensors`; nil where it has no UNet's blocks.
  init?(_ tensors: [TensorInfo]) {
    let names = Set(tensors.map(\.name))
    var blocks = 0
    while names.contains("down_blocks.0.resnets.\(blocks).conv1.weight") { blocks += 1 }
    guard blocks > 0 else { return nil }
    self.blocks = blocks
    attendingLevels = Set(
      names.filter { $0.hasPrefix("up_blocks.") && $0.contains(".attentions.") }
        .compactMap { $0.split(separator: ".").dropFirst().first.map(String.init) })
  }

  private static let ends = [
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_out": "out.2",
  ]
  private static let residual = [
    "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
  ]

  /// The original name of `layer`; nil where it has none.
  func layer(_ layer: String) -> String? {
    if let end = Self.ends[layer] { return end }
    let parts = layer.split(separator: ".").map(String.init)
    guard parts.count >= 4 else { return nil }
    if parts[0] == "mid_block" { return middle(parts) }
    guard parts.count >= 5, let level = Int(parts[1]), let place = Int(parts[3]),
      (0..<1024).contains(level), (0..<1024).contains(place)
    else { return nil }
    switch (parts[0], parts[2]) {
    case ("down_blocks", "downsamplers"): return "input_blocks.\((level + 1) * (blocks + 1)).0.op"
    case ("up_blocks", "upsamplers"):
      let inner = attendingLevels.contains(parts[1]) ? 2 : 1
      return "output_blocks.\(level * (blocks + 1) + blocks).\(inner).conv"
    case ("down_blocks", _):
      return inner(parts, "input_blocks.\(level * (blocks + 1) + place + 1)")
    case ("up_blocks", _): return inner(parts, "output_blocks.\(level * (blocks + 1) + place)")
    default: return nil
    }
  }

  private func middle(_ parts: [String]) -> String? {
    let rest = parts[3...].joined(separator: ".")
    if parts[1] == "attentions" { return "middle_block.1.\(rest)" }
    return Self.residual[rest].map { "middle_block.\(parts[2] == "0" ? 0 : 2).\($0)" }
  }

  private func inner(_ parts: [String], _ block: String) -> String? {
    let rest = parts[4...].joined(separator: ".")
    if parts[2] == "attentions" { return "\(block).1.\(rest)" }
    return Self.residual[rest].map { "\(block).0.\($0)" }
  }
}
