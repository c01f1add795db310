import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

/// `import --lora` through the real program, on the DiT of fixtures/architectures.
@Suite(.enabled(if: CommandLine.isBuilt)) struct LoRATests {
  private static let layer = "transformer_blocks.0.attn1.to_q"
  private static let folder = SharedMaterial.fixture("architectures/dit")

  /// Deterministic numbers between -1 and 1.
  private func numbers(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * 7 + seed))) }
  }

  private func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
    try SafetensorsWriter.write(TensorSet(tensors), to: path)
  }

  private func folded(_ lora: String, _ files: TemporaryFolder) throws -> [String: [Float]] {
    let model = files.path(of: "folded.imgc")
    let imported = try CommandLine.run(
      "import", Self.folder, "-o", model, "--force", "--lora", lora)
    try #require(imported.status == 0, "\(imported.errors)")
    let plain = files.path(of: "folded.safetensors")
    try #require(try CommandLine.run("export", model, "-o", plain, "--force").status == 0)
    return try values(plain)
  }

  private func values(_ path: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(path: path)
    var values: [String: [Float]] = [:]
    for (index, info) in file.tensors.enumerated() {
      values[info.name] = try file.tensor(index).array(of: Float.self)
    }
    return values
  }

  /// W + factor · up · down for a square weight of 16 and rank 3.
  private func expected(_ weight: [Float], _ up: [Float], _ down: [Float], _ factor: Float)
    -> [Float]
  {
    weight.enumerated().map { place, value in
      let (row, column) = (place / 16, place % 16)
      let product = (0..<3).reduce(Float(0)) { $0 + up[row * 3 + $1] * down[$1 * 16 + column] }
      return value + factor * product
    }
  }

  @Test(arguments: ["peft", "kohya"])
  func anUpdateIsAddedToItsWeightAndToNoOther(_ style: String) throws {
    let files = try TemporaryFolder()
    let (down, up) = (numbers(48, seed: 1), numbers(48, seed: 2))
    let path = files.path(of: "lora.safetensors")
    var factor: Float = 0.5
    if style == "peft" {
      try write(
        [
          ("transformer.\(Self.layer).lora_A.weight", try Tensor(down, [3, 16])),
          ("transformer.\(Self.layer).lora_B.weight", try Tensor(up, [16, 3])),
        ], to: path)
    } else {
      let name = "lora_transformer_" + Self.layer.replacing(".", with: "_")
      try write(
        [
          ("\(name).lora_down.weight", try Tensor(down, [3, 16])),
          ("\(name).lora_up.weight", try Tensor(up, [16, 3])),
          ("\(name).alpha", try Tensor([Float(6)], .scalar)),
        ], to: path)
      factor *= 2
    }
    let before = try values(Self.folder + "/diffusion_pytorch_model.safetensors")
    let after = try folded("\(path):0.5", files)
    let key = "\(Self.layer).weight"
    let wanted = expected(try #require(before[key]), up, down, factor)
    for (found, value) in zip(try #require(after[key]), wanted) {
      #expect(abs(found - value) <= 1e-6)
    }
    for (name, value) in before where name != key { #expect(after[name] == value, "\(name)") }
  }

  @Test func aLayerThatNothingAnswersToIsNamed() throws {
    let files = try TemporaryFolder()
    let path = files.path(of: "lora.safetensors")
    try write(
      [
        ("transformer.nowhere.to_q.lora_A.weight", try Tensor(numbers(48, seed: 1), [3, 16])),
        ("transformer.nowhere.to_q.lora_B.weight", try Tensor(numbers(48, seed: 2), [16, 3])),
      ], to: path)
    let result = try CommandLine.run(
      "import", Self.folder, "-o", files.path(of: "out.imgc"), "--lora", path)
    #expect(result.status == 2)
    #expect(result.errors.contains("transformer.nowhere.to_q"))
    #expect(!FileManager.default.fileExists(atPath: files.path(of: "out.imgc")))
  }

  @Test func anUpdateOfAnotherShapeIsNamedWithBoth() throws {
    let files = try TemporaryFolder()
    let path = files.path(of: "lora.safetensors")
    try write(
      [
        ("transformer.\(Self.layer).lora_A.weight", try Tensor(numbers(24, seed: 1), [3, 8])),
        ("transformer.\(Self.layer).lora_B.weight", try Tensor(numbers(48, seed: 2), [16, 3])),
      ], to: path)
    let result = try CommandLine.run(
      "import", Self.folder, "-o", files.path(of: "out.imgc"), "--lora", path)
    #expect(result.status == 2)
    #expect(result.errors.contains(Self.layer) && result.errors.contains("[3, 8]"))
  }
}
