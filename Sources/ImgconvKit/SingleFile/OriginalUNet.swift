import FileIO
import Tensors

/// The denoiser of a checkpoint in the original Stable Diffusion layout (`openaimodel.UNetModel` of
/// CompVis' and Stability AI's repositories): `input_blocks`, `middle_block`, `output_blocks`.
struct OriginalUNet {
  private let tensors: OriginalTensors
  private let family: OriginalFamily
  private let levels: [Level]
  private let middleDepth: Int

  /// Blocks of one resolution.
  private struct Level {
    var channels: Int
    var blocks: Int
    /// How many transformer layers follow each block; 0 for none.
    var depth: Int
  }

  /// The denoiser in `tensors`, of Stable Diffusion 1, 2, XL or XL's refiner.
  ///
  /// - Throws: `JobError.layout` where a block is lacking or levels are unlike within.
  init(_ tensors: OriginalTensors, _ family: OriginalFamily) throws {
    self.tensors = tensors
    self.family = family
    middleDepth = tensors.count("middle_block.1.transformer_blocks", ".norm1.weight")
    var levels: [Level] = []
    var isOpen = false
    for number in 1..<1024 {
      let block = "input_blocks.\(number)"
      if tensors.has("\(block).0.op.weight") {
        isOpen = false
        continue
      }
      guard tensors.has("\(block).0.in_layers.2.weight") else { break }
      let channels = try tensors.extent("\(block).0.out_layers.3.weight", 0)
      let depth = tensors.count("\(block).1.transformer_blocks", ".norm1.weight")
      if isOpen {
        levels[levels.count - 1].blocks += 1
      } else {
        levels.append(Level(channels: channels, blocks: 1, depth: depth))
      }
      isOpen = true
    }
    guard let first = levels.first, levels.allSatisfy({ $0.blocks == first.blocks }) else {
      throw JobError.layout(
        name: tensors.prefix + "input_blocks", expected: "as many blocks at each resolution",
        found: "\(levels.map(\.blocks))")
    }
    self.levels = levels
  }

  /// How many blocks a resolution has.
  private var blocks: Int { levels.first?.blocks ?? 1 }
}

extension OriginalUNet {
  /// The network with its configuration.
  ///
  /// - Parameter textSize: the extent of the pooled text, for XL.
  /// - Throws: `JobError.layout`.
  func network(textSize: Int) throws -> OriginalNetwork {
    OriginalNetwork(
      name: "unet", configuration: .object(try members(textSize)),
      views: tensors.names.map { tensors.view($0.index, as: renamed($0.name) ?? $0.name) })
  }

  private func members(_ textSize: Int) throws -> [JSONMember] {
    let stem = "transformer_blocks.0.attn2.to_k.weight"
    let attention = "middle_block.1"
    let isLinear = tensors.extents("\(attention).proj_in.weight").count == 2
    let channels = levels.map(\.channels)
    let heads = channels.map { isLinear || family != .v1 ? max($0 / 64, 1) : 8 }
    let depths = levels.map { $0.depth > 0 ? $0.depth : max(middleDepth, 1) }
    let hasAttention = levels.map { $0.depth > 0 }
    var members = [
      JSONMember("_class_name", "UNet2DConditionModel"),
      JSONMember("in_channels", .integer(try tensors.extent("input_blocks.0.0.weight", 1))),
      JSONMember("out_channels", .integer(try tensors.extent("out.2.weight", 0))),
      JSONMember("block_out_channels", .integers(channels)),
      JSONMember("layers_per_block", .integer(blocks)),
      JSONMember(
        "down_block_types",
        .array(hasAttention.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" })),
      JSONMember(
        "up_block_types",
        .array(hasAttention.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" })),
      JSONMember("cross_attention_dim", .integer(try tensors.extent("\(attention).\(stem)", 1))),
      JSONMember("attention_head_dim", .integers(heads)),
      JSONMember("transformer_layers_per_block", .integers(depths)),
      JSONMember("use_linear_projection", .bool(isLinear)),
      JSONMember("sample_size", .integer(family.sampleSize)),
    ]
    let time = try tensors.extent("time_embed.0.weight", 0)
    if time != 4 * (channels.first ?? 0) {
      members.append(JSONMember("time_embedding_dim", .integer(time)))
    }
    return members + (try addedConditions(textSize))
  }

  /// What stands in `label_emb`: XL's sizes, an image's embedding (unCLIP), or a noise level.
  private func addedConditions(_ textSize: Int) throws -> [JSONMember] {
    if tensors.has("label_emb.weight") {
      return [JSONMember("num_class_embeds", .integer(try tensors.extent("label_emb.weight", 0)))]
    }
    guard tensors.has("label_emb.0.0.weight") else { return [] }
    let total = try tensors.extent("label_emb.0.0.weight", 1)
    let size = JSONMember("projection_class_embeddings_input_dim", .integer(total))
    guard let numbers = family.sizeNumbers else {
      return [size, JSONMember("class_embed_type", "projection")]
    }
    let room = total - textSize
    return [
      size, JSONMember("addition_embed_type", "text_time"),
      JSONMember(
        "addition_time_embed_dim",
        .integer(room > 0 && room % numbers == 0 ? room / numbers : 256)),
    ]
  }
}

extension OriginalUNet {
  private static let ends = [
    "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out",
    "label_emb": "class_embedding",
  ]
  private static let residual = [
    "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2", "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
  ]

  /// diffusers' name of the tensor called `name`; nil where it has no place.
  private func renamed(_ name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let parameter = parts.last, ["weight", "bias"].contains(parameter) else { return nil }
    let layer = parts.dropLast().joined(separator: ".")
    if let place = Self.ends[layer] { return "\(place).\(parameter)" }
    if layer.hasPrefix("label_emb.0.") {
      let place = family.isXL ? "add_embedding" : "class_embedding"
      return layer.hasSuffix(".0")
        ? "\(place).linear_1.\(parameter)" : "\(place).linear_2.\(parameter)"
    }
    guard parts.count >= 4, let number = Int(parts[1]), number >= 0 else { return nil }
    switch parts[0] {
    case "input_blocks": return down(number, parts)
    case "middle_block": return middle(number, parts)
    case "output_blocks": return up(number, parts)
    default: return nil
    }
  }

  private func down(_ number: Int, _ parts: [String]) -> String? {
    guard number > 0 else { return nil }
    let (level, place) = (number - 1).quotientAndRemainder(dividingBy: blocks + 1)
    let block = "down_blocks.\(level)"
    if parts[2...].starts(with: ["0", "op"]) {
      return "\(block).downsamplers.0.conv.\(parts[4...].joined(separator: "."))"
    }
    return inner(Array(parts[2...]), block, place)
  }

  private func up(_ number: Int, _ parts: [String]) -> String? {
    let (level, place) = number.quotientAndRemainder(dividingBy: blocks + 1)
    let block = "up_blocks.\(level)"
    if ["1", "2"].contains(parts[2]), parts[3] == "conv" {
      return "\(block).upsamplers.0.conv.\(parts[4...].joined(separator: "."))"
    }
    return inner(Array(parts[2...]), block, place)
  }

  private func middle(_ number: Int, _ parts: [String]) -> String? {
    // A residual block, a transformer, a residual block.
    guard number < 3 else { return nil }
    return inner([number == 1 ? "1" : "0"] + parts[2...], "mid_block", number == 2 ? 1 : 0)
  }

  /// A layer of a residual block (0) or a transformer (1) of `block`.
  private func inner(_ parts: [String], _ block: String, _ place: Int) -> String? {
    guard parts[0] == "0" else {
      return parts[0] == "1"
        ? "\(block).attentions.\(place).\(parts[1...].joined(separator: "."))" : nil
    }
    guard let parameter = parts.last,
      let layer = Self.residual[parts[1..<(parts.count - 1)].joined(separator: ".")]
    else { return nil }
    return "\(block).resnets.\(place).\(layer).\(parameter)"
  }
}
