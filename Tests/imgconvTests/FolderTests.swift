import Foundation
import TestSupport
import Testing

@Suite("diffusers folders, with the real program", .enabled(if: CommandLine.isBuilt))
struct FolderTests {
  /// A pipeline of the fixtures' UNet and autoencoder, with a schedule and a tokenizer's file.
  private func pipeline(_ folder: TemporaryFolder, extra: String = "") throws -> String {
    let root = URL(fileURLWithPath: folder.path(of: "pipeline"))
    let files = FileManager.default
    for name in ["scheduler", "tokenizer"] {
      try files.createDirectory(
        at: root.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    for (name, fixture) in [("unet", "unet2dcondition"), ("vae", "autoencodertiny")] {
      try files.copyItem(
        atPath: SharedMaterial.fixture("architectures/\(fixture)"),
        toPath: root.appendingPathComponent(name).path)
    }
    let texts = [
      "model_index.json": """
      {"_class_name": "TinyPipeline", "_diffusers_version": "0.42.1",
       "scheduler": ["diffusers", "LCMScheduler"], "tokenizer": ["transformers", "CLIPTokenizer"],
       "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderTiny"],
       "feature_extractor": [null, null], "requires_safety_checker": false\(extra)}
      """,
      "scheduler/scheduler_config.json": #"{"_class_name": "LCMScheduler"}"#,
      "tokenizer/merges.txt": "#version: 0.2\n",
    ]
    for (name, text) in texts {
      try text.write(to: root.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    return root.path
  }

  @Test func aPipelineIsImportedWhole() throws {
    let folder = try TemporaryFolder()
    let artifact = folder.path(of: "all.imgc")
    let imported = try CommandLine.run("import", try pipeline(folder), "-o", artifact)
    #expect(imported.status == 0, "\(imported.errors)")
    let shown = try CommandLine.run("inspect", artifact).output
    for part in [
      "component unet:", "component vae:", "graph encoder:", "graph decoder:",
      "file model_index.json", "file scheduler/scheduler_config.json", "file tokenizer/merges.txt",
    ] { #expect(shown.contains(part), "\(shown)") }
  }

  @Test("without --component every component runs whose inputs are all given with their shapes")
  func componentsByInputs() throws {
    let folder = try TemporaryFolder()
    let path = try pipeline(folder)
    let unet = path + "/unet/golden.safetensors"
    let vae = path + "/vae/golden.safetensors"
    for golden in [unet, vae] {
      let result = try CommandLine.run(
        "run", path, "--inputs", golden, "--expect", golden, "--tolerance", "2e-5")
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
    let other = try CommandLine.run("run", path, "--component", "text", "--inputs", unet)
    #expect(other.status == 2)
    #expect(other.errors.contains("no component is called text"))
  }

  @Test func aComponentWithoutArchitectureIsRefusedUnlessSkipped() throws {
    let folder = try TemporaryFolder()
    let path = try pipeline(folder, extra: #", "judge": ["transformers", "JudgeModel"]"#)
    let judge = path + "/judge"
    try FileManager.default.createDirectory(atPath: judge, withIntermediateDirectories: true)
    try "{}".write(toFile: judge + "/config.json", atomically: true, encoding: .utf8)
    let output = folder.path(of: "out.imgc")
    let refused = try CommandLine.run("import", path, "-o", output)
    #expect(refused.status == 4)
    #expect(refused.errors.contains("JudgeModel"), "\(refused.errors)")
    let skipped = try CommandLine.run("import", path, "--skip", "judge", "-o", output)
    #expect(skipped.status == 0, "\(skipped.errors)")
    #expect(skipped.output.contains("judge: left out as asked"))
    let unknown = try CommandLine.run("import", path, "--skip", "jury", "-o", output, "--force")
    #expect(unknown.status == 64)
  }

  @Test func variantsAreTakenByNameAndMissingOnesNoted() throws {
    let folder = try TemporaryFolder()
    let path = try pipeline(folder)
    try FileManager.default.moveItem(
      atPath: path + "/unet/diffusion_pytorch_model.safetensors",
      toPath: path + "/unet/diffusion_pytorch_model.fp16.safetensors")
    let output = folder.path(of: "out.imgc")
    let plain = try CommandLine.run("import", path, "-o", output)
    #expect(plain.status == 2)
    #expect(plain.errors.contains("found diffusion_pytorch_model.fp16.safetensors"))
    let variant = try CommandLine.run("import", path, "--variant", "fp16", "-o", output)
    #expect(variant.status == 0, "\(variant.errors)")
    #expect(variant.output.contains("no variant fp16; plain weights taken"))
  }

  @Test func aComponentFolderIsNamedByItsClassAndTakesTheScheduleBeside() throws {
    let folder = try TemporaryFolder()
    let path = try pipeline(folder) + "/unet"
    let output = folder.path(of: "out.imgc")
    let imported = try CommandLine.run("import", path, "-o", output, "--role", "student")
    #expect(imported.status == 0, "\(imported.errors)")
    #expect(imported.output.contains("student unet:"))
    #expect(
      try CommandLine.run("inspect", output).output.contains(
        "file scheduler/scheduler_config.json"))
  }

  @Test func aFolderThatIsNoModelIsRefused() throws {
    let folder = try TemporaryFolder()
    let result = try CommandLine.run("inspect", folder.path)
    #expect(result.status == 2)
    #expect(result.errors.contains("expected model_index.json or config.json, found neither"))
  }

  @Test(arguments: [#""../unet": ["a", "B"]"#, #""a/b": ["a", "B"]"#])
  func partsOutsideThePipelineAreRefused(entry: String) throws {
    let folder = try TemporaryFolder()
    let path = try pipeline(folder, extra: ", " + entry)
    let result = try CommandLine.run("inspect", path)
    #expect(result.status == 2)
    #expect(result.errors.contains("expected names of folders"), "\(result.errors)")
  }
}
