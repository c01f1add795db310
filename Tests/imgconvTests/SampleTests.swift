import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("Sampling and whole trajectories, with the real program", .enabled(if: CommandLine.isBuilt))
struct SampleTests {
  /// The issue's tolerance on images of −1 … 1.
  private static let imageTolerance: Float = 1e-3
  private let student = SharedMaterial.fixture("digits/student.onnx")
  private let scheduler = SharedMaterial.fixture("digits/scheduler_config.json")
  private let digits = "models/digits/"

  @Test(
    "the student's images are PyTorch's, in 1 to 3 steps, corrected and plain",
    .enabled(
      if: SharedMaterial.has("models/digits/samples.golden.safetensors"), "needs ../shared/models"),
    arguments: [1, 2, 3], [true, false])
  func studentEqualsPyTorch(_ steps: Int, _ corrects: Bool) throws {
    let folder = try TemporaryFolder()
    let raw = folder.path(of: "raw.safetensors")
    let result = try CommandLine.run(
      [
        "sample", student, "--scheduler", scheduler, "--sampler", "few-step", "--steps",
        "\(steps)", "--seed", "42", "--count", "20", "--batch", "20", "--raw", raw,
      ] + (corrects ? [] : ["--no-noise-correction"]))
    #expect(result.status == 0, "\(result.errors)")
    let golden = try SafetensorsFile(
      path: SharedMaterial.path(digits + "samples.golden.safetensors"))
    let name = "student.steps\(steps).\(corrects ? "corrected" : "plain")"
    let expected = try tensor(name, in: golden)
    let found = try tensor("result", in: SafetensorsFile(path: raw))
    #expect(found.shape == expected.shape)
    for (left, right) in zip(found.array(of: Float.self), expected.array(of: Float.self)) {
      #expect(abs(left - right) <= Self.imageTolerance)
    }
  }

  @Test("a folder gets a PNG for each image and a contact sheet; nothing is overwritten")
  func files() throws {
    let folder = try TemporaryFolder()
    let output = folder.path(of: "images")
    let arguments = [
      "sample", student, "--scheduler", scheduler, "--sampler", "ddim", "--steps", "2",
      "--class", "3,7", "--count", "3", "--batch", "2", "-o", output,
    ]
    let result = try CommandLine.run(arguments)
    #expect(result.status == 0, "\(result.errors)")
    for name in ["0000.png", "0001.png", "0002.png", "sheet.png"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: output + "/" + name))
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
    #expect(try CommandLine.run(arguments).status == 2)
    #expect(try CommandLine.run(arguments + ["--force"]).status == 0)
  }

  @Test("requests that cannot be met end with their status and say why")
  func refusals() throws {
    let without = try CommandLine.run(["sample", student])
    #expect(without.status == 2)
    #expect(without.errors.contains("carries no scheduler configuration"))
    let stranger = try CommandLine.run(
      ["sample", student, "--scheduler", scheduler, "--class", "11"])
    #expect(stranger.status == 64)
    #expect(stranger.errors.contains("--class: expected 0 to 10"))
    let steps = try CommandLine.run(["sample", student, "--scheduler", scheduler, "--steps", "0"])
    #expect(steps.status == 64)
  }

  @Test(
    "int8 passes the trajectory; a scale that is a tenth too large fails and its layer is named")
  func trajectory() throws {
    let folder = try TemporaryFolder()
    let quantized = folder.path(of: "int8.imgc")
    let report = folder.path(of: "report.json")
    let made = try CommandLine.run(
      ["quantize", student, "--weights", "int8", "-o", quantized])
    #expect(made.status == 0, "\(made.errors)")
    let passed = try CommandLine.run(
      [
        "verify", quantized, "--reference", student, "--trajectory", "--scheduler", scheduler,
        "--steps", "1,2", "--count", "2", "--json", report,
      ])
    #expect(passed.status == 0, "\(passed.output)\(passed.errors)")
    #expect(passed.output.contains("prediction (step 2 of 2)"))
    #expect(passed.output.contains("image (2 steps)"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: report)).count > 100)
    let damaged = try damagedModel(quantized, in: folder)
    let failed = try CommandLine.run(
      [
        "verify", damaged, "--reference", student, "--trajectory", "--scheduler", scheduler,
        "--steps", "1", "--count", "1",
      ])
    #expect(failed.status == 1, "\(failed.output)\(failed.errors)")
    #expect(failed.output.contains("m.conv_out.weight"))
  }

  /// The model as ONNX, the scale of its last convolution a tenth larger.
  private func damagedModel(_ model: String, in folder: TemporaryFolder) throws -> String {
    let path = folder.path(of: "damaged.onnx")
    let exported = try CommandLine.run(["export", model, "--format", "onnx", "-o", path])
    #expect(exported.status == 0, "\(exported.errors)")
    let weights = folder.path(of: "weights.safetensors")
    let written = try CommandLine.run(
      ["export", model, "--format", "safetensors", "-o", weights])
    #expect(written.status == 0, "\(written.errors)")
    let scale = try tensor("m.conv_out.weight.scale", in: SafetensorsFile(path: weights))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let old = scale.withBytes { Data($0) }
    let new = try Tensor(scale.array(of: Float.self).map { $0 * 1.1 }).withBytes { Data($0) }
    // The scale's bytes stand once in the file.
    let place = try #require(bytes.range(of: old))
    bytes.replaceSubrange(place, with: new)
    try bytes.write(to: URL(fileURLWithPath: path))
    return path
  }

  private func tensor(_ name: String, in file: SafetensorsFile) throws -> Tensor {
    try file.tensor(try #require(file.tensors.firstIndex { $0.name == name }))
  }
}
