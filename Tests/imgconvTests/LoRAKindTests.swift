import Foundation
import Operators
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

/// Layers by their original names, kernels in between and magnitudes, on the fixtures' UNet.
@Suite(.enabled(if: CommandLine.isBuilt)) struct LoRAKindTests {
  private static let folder = SharedMaterial.fixture("architectures/unet2dcondition")
  /// The weights are stored in fp16.
  private static let tolerance = 1e-3

  /// Deterministic numbers between -1 and 1.
  private func numbers(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * 5 + seed))) }
  }

  private func values(_ path: String) throws -> [String: [Double]] {
    let file = try SafetensorsFile(path: path)
    var values: [String: [Double]] = [:]
    for (index, info) in file.tensors.enumerated() {
      values[info.name] = try file.tensor(index).converted(to: .float64)
        .array(of: Double.self)
    }
    return values
  }

  private func folded(
    _ tensors: [(name: String, tensor: Tensor)]
  ) throws -> (before: [String: [Double]], after: [String: [Double]], errors: String) {
    let files = try TemporaryFolder()
    let lora = files.path(of: "lora.safetensors")
    try SafetensorsWriter.write(TensorSet(tensors), to: lora)
    let (model, plain) = (files.path(of: "out.imgc"), files.path(of: "out.safetensors"))
    let imported = try CommandLine.run("import", Self.folder, "-o", model, "--lora", lora)
    guard imported.status == 0 else { return ([:], [:], imported.errors) }
    try #require(try CommandLine.run("export", model, "-o", plain).status == 0)
    return (
      try values(Self.folder + "/diffusion_pytorch_model.safetensors"), try values(plain), ""
    )
  }

  @Test(
    "XL's original names find their layers",
    arguments: [
      (
        "input_blocks_1_1_transformer_blocks_0_attn1_to_q", 8, 8,
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
      ),
      ("middle_block_1_proj_in", 16, 16, "mid_block.attentions.0.proj_in"),
      ("output_blocks_3_1_proj_out", 8, 8, "up_blocks.1.attentions.1.proj_out"),
      ("label_emb_0_2", 32, 32, "add_embedding.linear_2"),
      ("input_blocks_3_0_emb_layers_1", 16, 32, "down_blocks.1.resnets.0.time_emb_proj"),
    ])
  func originalNames(_ name: String, _ outputs: Int, _ inputs: Int, _ layer: String) throws {
    let (down, up) = (numbers(2 * inputs, seed: 1), numbers(2 * outputs, seed: 2))
    let found = try folded([
      ("lora_unet_\(name).lora_down.weight", try Tensor(down, [2, inputs])),
      ("lora_unet_\(name).lora_up.weight", try Tensor(up, [outputs, 2])),
      ("lora_unet_\(name).alpha", try Tensor([Float(1)], .scalar)),
    ])
    #expect(found.errors.isEmpty, "\(found.errors)")
    for (key, value) in found.before where key != "\(layer).weight" {
      #expect(found.after[key] == value, "\(key)")
    }
    let before = try #require(found.before["\(layer).weight"])
    let after = try #require(found.after["\(layer).weight"])
    for place in before.indices {
      let (row, column) = place.quotientAndRemainder(dividingBy: inputs)
      let change = (0..<2).reduce(0.0) { sum, step in
        sum + Double(up[row * 2 + step]) * Double(down[step * inputs + column])
      }
      #expect(abs(after[place] - before[place] - change / 2) <= Self.tolerance)
    }
  }

  @Test("a kernel between down and up, and magnitudes: rows get their lengths")
  func kernelAndMagnitudes() throws {
    let name = "lora_unet_input_blocks_3_0_in_layers_2"
    let (down, middle, up) = (
      numbers(3 * 8, seed: 1), numbers(81, seed: 2), numbers(16 * 3, seed: 3)
    )
    let lengths = (0..<16).map { Float($0 + 1) / 8 }
    let found = try folded([
      ("\(name).lora_down.weight", try Tensor(down, [3, 8, 1, 1])),
      ("\(name).lora_mid.weight", try Tensor(middle, [3, 3, 3, 3])),
      ("\(name).lora_up.weight", try Tensor(up, [16, 3, 1, 1])),
      ("\(name).dora_scale", try Tensor(lengths, [16, 1, 1, 1])),
    ])
    #expect(found.errors.isEmpty, "\(found.errors)")
    let key = "down_blocks.1.resnets.0.conv1.weight"
    let before = try #require(found.before[key])
    let after = try #require(found.after[key])
    for row in 0..<16 {
      let sums = (0..<72).map { place -> Double in
        let (input, cell) = place.quotientAndRemainder(dividingBy: 9)
        var sum = before[row * 72 + place]
        for outer in 0..<3 {
          for inner in 0..<3 {
            let kernel = Double(middle[(outer * 3 + inner) * 9 + cell])
            sum += Double(up[row * 3 + outer]) * kernel * Double(down[inner * 8 + input])
          }
        }
        return sum
      }
      let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for place in 0..<72 {
        let wanted = sums[place] * Double(lengths[row]) / length
        #expect(abs(after[row * 72 + place] - wanted) <= Self.tolerance)
      }
    }
  }

  @Test("magnitudes for inputs, and products of two products, are refused by name")
  func refusals() throws {
    let name = "lora_unet_middle_block_1_proj_in"
    let parts: [(name: String, tensor: Tensor)] = [
      ("\(name).lora_down.weight", try Tensor(numbers(32, seed: 1), [2, 16])),
      ("\(name).lora_up.weight", try Tensor(numbers(32, seed: 2), [16, 2])),
    ]
    let lengths = try Tensor(numbers(16, seed: 3), [1, 16])
    let byInput = try folded(parts + [("\(name).dora_scale", lengths)])
    #expect(byInput.errors.contains("expected one length for each of 16 outputs, found [1, 16]"))
    let product = try folded(parts + [("\(name).hada_w1_a", lengths)])
    #expect(product.errors.contains("hada_w1_a"))
  }
}
