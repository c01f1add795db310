import Foundation
import SafetensorsFormat
import TestSupport
import Testing

@Suite("Images from prompts, with the real program", .enabled(if: CommandLine.isBuilt))
struct PromptTests {
  /// Rounding in another order moves images of −1 … 1 by some 3e-6.
  private static let tolerance: Float = 2e-5

  @Test(
    "whole pipelines draw diffusers' images from a prompt", arguments: ["sdxl", "flux", "pixart"])
  func equalsDiffusers(_ name: String) throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture(name, in: folder)
    let artifact = folder.path(of: "all.imgc")
    let raw = folder.path(of: "raw.safetensors")
    let imported = try CommandLine.run("import", fixture.path, "-o", artifact)
    #expect(imported.status == 0, "\(imported.errors)")
    let result = try CommandLine.run(
      ["sample", artifact, "--raw", raw, "-o", folder.path(of: "images")]
        + fixture.arguments())
    #expect(result.status == 0, "\(result.errors)")
    let found = try PipelineFixture.images(SafetensorsFile(path: raw))
    let expected = try fixture.images()
    #expect(found.count == expected.count)
    for (left, right) in zip(found, expected) { #expect(abs(left - right) <= Self.tolerance) }
    #expect(FileManager.default.fileExists(atPath: folder.path(of: "images/sheet.png")))
  }

  @Test("both models of a trajectory walk under the prompt; quantized text encoders are met")
  func trajectory() throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture("sdxl", in: folder)
    let quantized = folder.path(of: "fp16.imgc")
    let made = try CommandLine.run("quantize", fixture.path, "--weights", "bf16", "-o", quantized)
    #expect(made.status == 0, "\(made.errors)")
    let arguments = [
      "verify", quantized, "--reference", fixture.path, "--trajectory", "--sampler", "scheduler",
      "--steps", "2", "--count", "1", "--guidance", "3", "--height", "24", "--width", "16",
    ]
    let passed = try CommandLine.run(
      arguments + ["--prompt", "a red bicycle", "--negative-prompt", "rain"])
    #expect(passed.status == 0, "\(passed.output)\(passed.errors)")
    #expect(passed.output.contains("image (2 steps)"))
    let without = try CommandLine.run(arguments)
    #expect(without.errors.contains("encoder_hidden_states is not given"), "\(without.errors)")
  }

  @Test(
    "latents in patches and learned variances are calibrated on as they are sampled",
    arguments: ["flux", "pixart"])
  func calibratedTransformers(_ name: String) throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture(name, in: folder)
    let result = try CommandLine.run(
      "quantize", fixture.path, "--weights", "int8", "--calibration-samples", "2",
      "--calibration-prompt", "a red bicycle", "--dry-run", "--print-recipe")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("rounding: second-order"), "\(result.output)")
  }

  @Test("a pipeline that takes texts is calibrated along the trajectory of prompts")
  func calibration() throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture("sdxl", in: folder)
    func quantize(_ arguments: String...) throws -> (status: Int32, output: String, errors: String)
    {
      let result = try CommandLine.run(
        [
          "quantize", fixture.path, "--weights", "int8", "--calibration-samples", "2",
          "--dry-run",
        ] + arguments)
      return (result.status, result.output, result.errors)
    }
    let without = try quantize()
    #expect(without.status != 0)
    #expect(
      without.errors.contains("encoder_hidden_states, one row a sample, or a --calibration-prompt"),
      "\(without.errors)")
    let prompts = ["--calibration-prompt", "a red bicycle", "--calibration-prompt", "rain"]
    let made = try quantize(prompts[0], prompts[1], prompts[2], prompts[3], "--print-recipe")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("rounding: second-order"), "\(made.output)")
    #expect(made.output.contains("  prompts:\n    - \"a red bicycle\"\n    - \"rain\""))
    let nearest = try quantize("--rounding", "nearest", "--no-bias-correction")
    #expect(nearest.status == 0, "\(nearest.errors)")
  }

  @Test("a flow's trajectory is its scheduler's own; its latents are packed in it too")
  func flowTrajectory() throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture("flux", in: folder)
    let result = try CommandLine.run(
      "verify", fixture.path, "--reference", fixture.path, "--trajectory", "--steps", "1,2",
      "--count", "1", "--prompt", "a red bicycle", "--prompt-tokens", "16", "--height", "16",
      "--width", "24")
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("prediction (step 2 of 2)"))
  }

  @Test("tokenizers are carried along for sources that have none")
  func tokenizers() throws {
    let folder = try TemporaryFolder()
    let output = folder.path(of: "out.imgc")
    let tokenizer = SharedMaterial.fixture("tokenizers/clip")
    let imported = try CommandLine.run(
      "import", SharedMaterial.fixture("architectures/clip"), "-o", output, "--tokenizer",
      tokenizer, "--tokenizer", SharedMaterial.fixture("tokenizers/t5"))
    #expect(imported.status == 0, "\(imported.errors)")
    let shown = try CommandLine.run("inspect", output).output
    #expect(shown.contains("file tokenizer/vocab.json"), "\(shown)")
    #expect(shown.contains("file tokenizer_2/spiece.model"), "\(shown)")
    let empty = try CommandLine.run(
      "import", SharedMaterial.fixture("architectures/clip"), "-o", output, "--force",
      "--tokenizer", folder.path)
    #expect(empty.status == 2)
    #expect(empty.errors.contains("expected a tokenizer's files, found none"), "\(empty.errors)")
  }

  @Test("what a prompt cannot be given to is said")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let fixture = try PipelineFixture("flux", in: folder)
    let size = ["--height", "16", "--width", "16"]
    func errors(_ arguments: [String]) throws -> String {
      let result = try CommandLine.run(["sample"] + arguments)
      #expect(result.status != 0)
      return result.errors
    }
    let student = SharedMaterial.fixture("digits/student.onnx")
    let schedule = SharedMaterial.fixture("digits/scheduler_config.json")
    #expect(
      try errors([student, "--scheduler", schedule, "--prompt", "3"])
        .contains("expected a denoiser that takes a text"))
    #expect(
      try errors([fixture.path, "--prompt", "a", "--height", "18", "--width", "16"])
        .contains("height: expected a multiple of 4, found 18"))
    #expect(
      try errors([fixture.path, "--negative-prompt", "a"] + size).contains("needs --prompt"))
    try FileManager.default.removeItem(atPath: fixture.path + "/tokenizer_2/spiece.model")
    #expect(try errors([fixture.path, "--prompt", "a"] + size).contains("tokenizer_2"))
  }
}
