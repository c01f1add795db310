import FileIO
import Tensors

/// The autoencoder of a checkpoint in the original Stable Diffusion layout
/// (`autoencoder.AutoencoderKL`): `encoder.down`, `decoder.up` counted from the finest resolution.
struct OriginalAutoencoder {
  private let tensors: OriginalTensors
  private let levels: Int

  /// The autoencoder in `tensors`.
  init(_ tensors: OriginalTensors) {
    self.tensors = tensors
    levels = tensors.count("encoder.down", ".block.0.norm1.weight")
  }

  /// The network with its configuration.
  ///
  /// - Throws: `JobError.layout`.
  func network(_ family: OriginalFamily) throws -> OriginalNetwork {
    let channels = try (0..<levels).map {
      try tensors.extent("encoder.down.\($0).block.0.conv2.weight", 0)
    }
    let members = [
      JSONMember("_class_name", "AutoencoderKL"),
      JSONMember("in_channels", .integer(try tensors.extent("encoder.conv_in.weight", 1))),
      JSONMember("out_channels", .integer(try tensors.extent("decoder.conv_out.weight", 0))),
      JSONMember("latent_channels", .integer(try tensors.extent("decoder.conv_in.weight", 1))),
      JSONMember("block_out_channels", .integers(channels)),
      JSONMember(
        "layers_per_block",
        .integer(tensors.count("encoder.down.0.block", ".norm1.weight"))),
      JSONMember("down_block_types", .array(channels.map { _ in "DownEncoderBlock2D" })),
      JSONMember("up_block_types", .array(channels.map { _ in "UpDecoderBlock2D" })),
      JSONMember("use_quant_conv", .bool(tensors.has("quant_conv.weight"))),
      JSONMember("use_post_quant_conv", .bool(tensors.has("post_quant_conv.weight"))),
      JSONMember("sample_size", .integer(family.sampleSize * 8)),
      JSONMember("scaling_factor", .real(family.latentScale)),
    ]
    return OriginalNetwork(
      name: "vae", configuration: .object(members),
      views: try tensors.names.map { try view($0.index, $0.name) })
  }

  /// A tensor under diffusers' name; a kernel of 1 by 1 of attention is a matrix there.
  private func view(_ index: Int, _ name: String) throws -> TensorView {
    var view = tensors.view(index, as: renamed(name) ?? name)
    let extents = view.shape.dimensions
    if name.contains(".attn_1."), extents.count == 4, extents[2...] == [1, 1] {
      view.shape = try Shape(checking: Array(extents[..<2]))
    }
    return view
  }
}

extension OriginalAutoencoder {
  private static let attention = [
    "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
  ]

  /// diffusers' name of the tensor called `name`; nil where it has no place.
  private func renamed(_ name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3 else {
      return ["quant_conv", "post_quant_conv"].contains(parts[0]) ? name : nil
    }
    let (half, parameter) = (parts[0], parts[parts.count - 1])
    switch parts[1] {
    case "conv_in", "conv_out": return name
    case "norm_out": return "\(half).conv_norm_out.\(parameter)"
    case "mid" where parts.count == 5 && parts[2] == "attn_1":
      return Self.attention[parts[3]].map { "\(half).mid_block.attentions.0.\($0).\(parameter)" }
    case "mid" where parts.count == 5 && ["block_1", "block_2"].contains(parts[2]):
      let number = parts[2] == "block_1" ? 0 : 1
      return "\(half).mid_block.resnets.\(number).\(layer(parts[3])).\(parameter)"
    case "down", "up": return level(parts, half, parameter)
    default: return nil
    }
  }

  private func level(_ parts: [String], _ half: String, _ parameter: String) -> String? {
    guard parts.count >= 6, let number = Int(parts[2]), (0..<levels).contains(number) else {
      return nil
    }
    let isDown = parts[1] == "down"
    let block = isDown ? "down_blocks.\(number)" : "up_blocks.\(levels - 1 - number)"
    switch parts[3] {
    case "block": return "\(half).\(block).resnets.\(parts[4]).\(layer(parts[5])).\(parameter)"
    case "downsample": return "\(half).\(block).downsamplers.0.conv.\(parameter)"
    case "upsample": return "\(half).\(block).upsamplers.0.conv.\(parameter)"
    default: return nil
    }
  }

  private func layer(_ name: String) -> String {
    name == "nin_shortcut" ? "conv_shortcut" : name
  }
}
