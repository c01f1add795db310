import Architectures
import Foundation
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Whatever of a configuration or a checkpoint does not fit is named.
@Suite struct RuleTests {
  private func folder(_ name: String = "unet2dcondition") throws -> CheckpointFolder {
    try CheckpointFolder(SharedMaterial.fixture("architectures/\(name)"))
  }

  private func error(
    _ folder: CheckpointFolder, replace: String = "", by replacement: String = "",
    select: ([TensorInfo]) -> [TensorInfo] = { $0 }
  ) throws -> String {
    do {
      _ = try folder.graphs(
        edit: { replace.isEmpty ? $0 : $0.replacingOccurrences(of: replace, with: replacement) },
        select: select)
      return "none"
    } catch let error as ArchitectureError {
      return error.description
    }
  }

  @Test func unreadKeysAreRefusedByNameAllAtOnce() throws {
    let message = try error(
      folder(), replace: #""act_fn""#, by: #""zeta": 1, "alpha": null, "_private": 2, "act_fn""#)
    #expect(message == "config.json: UNet2DConditionModel has no such keys: alpha, zeta")
  }

  @Test func inertKeysMayHaveAnyValue() throws {
    let message = try error(folder(), replace: #""dropout": 0.0"#, by: #""dropout": 0.5"#)
    #expect(message == "none")
  }

  @Test(arguments: [
    (#""act_fn": "silu""#, #""act_fn": "sigmoid""#, "act_fn: expected one of silu"),
    (#""in_channels": 4"#, #""in_channels": "4""#, "in_channels: expected a whole number"),
    (#""in_channels": 4"#, #""in_channels": 0"#, "in_channels: expected a whole number from 1"),
    (
      #""attention_type": "default""#, #""attention_type": "gated""#,
      #"attention_type: expected the string "default", found the string "gated""#
    ),
    (#""DownBlock2D""#, #""LeftBlock2D""#, "down_block_types: expected blocks among"),
    (#""num_attention_heads": null"#, #""num_attention_heads": 2"#, "num_attention_heads"),
    (
      #""addition_embed_type": "text_time""#, #""addition_embed_type": "sound""#,
      "addition_embed_type: expected one of text, text_image"
    ),
    (
      #""resnet_time_scale_shift": "default""#, #""resnet_time_scale_shift": "ada_group""#,
      "resnet_time_scale_shift: expected default or scale_shift"
    ),
    (
      #""norm_num_groups": 4"#, #""norm_num_groups": 3"#, "3 groups of equal size"
    ),
    (#""UNet2DConditionModel""#, #""UNet9DModel""#, "_class_name: expected one of"),
  ])
  func aValueThatIsNotSupportedIsNamed(key: String, replacement: String, expected: String) throws {
    let message = try error(folder(), replace: key, by: replacement)
    #expect(message.contains(expected), "\(message)")
  }

  @Test func missingLeftOverAndMisshapenTensorsAreNamedTogether() throws {
    let message = try error(folder()) { tensors in
      tensors.compactMap { info in
        switch info.name {
        case "conv_in.bias": nil
        case "conv_out.bias":
          TensorInfo(name: info.name, dtype: info.dtype, shape: [5], byteCount: 10)
        case "conv_in.weight":
          TensorInfo(name: "conv_in.extra", dtype: .int8, shape: [1], byteCount: 1)
        case "conv_norm_out.bias":
          TensorInfo(name: info.name, dtype: .int8, shape: info.shape, byteCount: 8)
        default: info
        }
      }
    }
    #expect(message.hasPrefix("weights: does not fit UNet2DConditionModel as configured: "))
    for part in [
      "conv_in.bias: expected a tensor of [8], found nothing",
      "conv_in.weight: expected a tensor of [8, 4, 3, 3], found nothing",
      "conv_out.bias: expected [4], found [5]",
      "conv_norm_out.bias: expected float32, float16, bfloat16 or float64, found int8",
      "conv_in.extra: expected no such tensor, found int8 [1]",
    ] { #expect(message.contains(part), "\(message)") }
  }

  @Test func aConfigurationOfEndlessLayersStops() throws {
    let message = try error(
      folder(), replace: #""layers_per_block": 1"#, by: #""layers_per_block": 1024"#)
    #expect(message.contains(" more"), "\(message)")
  }

  @Test func fewerTransformerLayersThanAnUpwardBlockNeedsAreRefused() throws {
    let message = try error(
      folder(), replace: #""transformer_layers_per_block": 1"#,
      by: #""transformer_layers_per_block": [[1], 1]"#)
    #expect(message.contains("transformer_layers_per_block: expected 2 numbers for a block"))
  }

  @Test(arguments: ["[]", "3", "{", #"{"_class_name": 4}"#, "{}"])
  func whatIsNoConfigurationIsRefused(text: String) throws {
    #expect(throws: ArchitectureError.self) { try folder().graphs(edit: { _ in text }) }
  }

  @Test func extentsStaySymbolicAndInputsCarryDiffusersNames() throws {
    let graph = try #require(try folder().graphs().first)
    #expect(
      graph.inputs.map(\.name) == [
        "sample", "timestep", "timestep_cond", "encoder_hidden_states", "text_embeds", "time_ids",
      ])
    #expect(
      graph.inputs[0].type
        == TensorType(
          .float32, [.symbol("batch"), .fixed(4), .symbol("height"), .symbol("width")]))
    #expect(graph.outputs.map(\.name) == ["out_sample"])
    let stored = graph.initializers.filter { $0.weightName != nil }
    #expect(stored.allSatisfy { $0.dtype == .float16 && $0.weightName == $0.name })
  }
}
