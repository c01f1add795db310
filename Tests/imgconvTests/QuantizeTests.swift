import Foundation
import TestSupport
import Testing

@Suite("imgconv quantize, with the real program", .enabled(if: CommandLine.isBuilt))
struct QuantizeTests {
  private let student = SharedMaterial.fixture("digits/student.onnx")
  private let golden = SharedMaterial.fixture("digits/student.golden.safetensors")

  /// A folder with the imported student as `student.imgc`.
  private func imported() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let result = try CommandLine.run(
      "import", student, "--role", "student", "-o", folder.path(of: "student.imgc"), "--quiet")
    try #require(result.status == 0, "\(result.errors)")
    return folder
  }

  @Test(
    "W8A8 on given inputs: the tables, the recipe in the artifact, the same content again from it")
  func recipeAgain() throws {
    let folder = try imported()
    let first = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "-o", folder.path(of: "a.imgc"), "--weights",
      "int8", "--activations", "static", "--calibration", golden, "--calibration-samples", "2",
      "--quiet")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("uint8 static min-max"))
    let recipe = try CommandLine.run("inspect", "--recipe", folder.path(of: "a.imgc"))
    #expect(recipe.output.contains("rounding: second-order"))
    let file = try folder.write("recipe.yaml", Array(recipe.output.utf8))
    let second = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "-o", folder.path(of: "b.imgc"), "--recipe",
      file, "--calibration", golden, "--quiet")
    #expect(second.status == 0, "\(second.errors)")
    #expect(digest(first.output) != nil && digest(first.output) == digest(second.output))
  }

  private func digest(_ output: String) -> Substring? {
    output.components(separatedBy: "content ").last?.prefix(64)
  }

  @Test("A dry run prints the plan and writes nothing; the recipe can be printed instead")
  func dryRun() throws {
    let folder = try imported()
    let before = folder.names
    let table = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "--weights", "int8", "--activations", "dynamic",
      "--dry-run", "--quiet")
    #expect(table.status == 0, "\(table.errors)")
    #expect(table.output.contains("uint8 dynamic") && table.output.contains("weight of Conv"))
    let recipe = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "--weights", "int4", "--granularity",
      "group:32", "--keep", "*conv_in.*=fp16", "--dry-run", "--print-recipe", "--quiet")
    #expect(recipe.status == 0, "\(recipe.errors)")
    #expect(recipe.output.hasPrefix("version: 1\nweights: int4\ngranularity: group:32\n"))
    #expect(recipe.output.contains("  - pattern: \"*conv_in.*\"\n    weights: fp16\n"))
    #expect(folder.names == before)
  }

  @Test("A model that was not quantized has no recipe; a broken one is refused by field")
  func refusals() throws {
    let folder = try imported()
    let none = try CommandLine.run("inspect", "--recipe", folder.path(of: "student.imgc"))
    #expect(none.status == 2 && none.errors.contains("one without a recipe"))
    let file = try folder.write("bad.yaml", Array("version: 1\nweights: int9\n".utf8))
    let bad = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "--recipe", file, "--dry-run", "--quiet")
    #expect(bad.status == 2 && bad.errors.contains("recipe: weights: expected fp32"))
  }

  @Test("Exports: restored safetensors have the original's tensors, GGUF begins as it must")
  func exports() throws {
    let folder = try imported()
    let quantized = folder.path(of: "q.imgc")
    _ = try CommandLine.run(
      "quantize", folder.path(of: "student.imgc"), "-o", quantized, "--weights", "int8", "--quiet")
    let gguf = folder.path(of: "q.gguf")
    #expect(try CommandLine.run("export", quantized, "-o", gguf, "--quiet").status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: gguf)).prefix(8) == Data("GGUF\u{3}\0\0\0".utf8))
    let restored = folder.path(of: "q.safetensors")
    let export = try CommandLine.run("export", quantized, "--restore", "-o", restored, "--quiet")
    #expect(export.output.contains("186 tensors"))
  }
}
