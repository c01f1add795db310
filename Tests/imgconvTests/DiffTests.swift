import Foundation
import TestSupport
import Testing

@Suite("imgconv diff", .enabled(if: CommandLine.isBuilt))
struct DiffTests {
  private let student = SharedMaterial.fixture("digits/student.onnx")

  @Test("a model does not differ from itself, whatever the format")
  func same() throws {
    let folder = try TemporaryFolder()
    let artifact = folder.path(of: "student.imgc")
    #expect(try CommandLine.run("import", student, "-o", artifact).status == 0)
    let itself = try CommandLine.run("diff", artifact, artifact)
    #expect(itself.status == 0)
    #expect(itself.output == "nothing differs\n")
    let source = try CommandLine.run("diff", student, artifact)
    #expect(source.status == 1)
    #expect(source.output.contains("provenance added: 1"))
    #expect(source.output.hasSuffix("1 difference\n"), "\(source.output)")
  }

  @Test("a quantized model differs in nodes, tensors and schemes, with the distance of each tensor")
  func quantized() throws {
    let folder = try TemporaryFolder()
    let artifact = folder.path(of: "student.imgc")
    let int8 = folder.path(of: "int8.imgc")
    #expect(try CommandLine.run("import", student, "-o", artifact).status == 0)
    #expect(
      try CommandLine.run("quantize", artifact, "--weights", "int8", "-o", int8).status == 0)
    let result = try CommandLine.run("diff", artifact, int8)
    #expect(result.status == 1)
    #expect(result.output.contains("node added: 65"))
    #expect(result.output.contains("quantization added: 65"))
    #expect(result.output.contains("tensor changed: 65"))
    #expect(result.output.contains("tensor added: 65"))
    let line = result.output.split(separator: "\n").first { $0.contains("float32 [") }
    #expect(line?.contains(", rel. L2 0.00") == true, "\(line ?? "")")
    let json = try CommandLine.run("diff", artifact, int8, "--json", "--no-values")
    let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
    let changes = (document as? [String: Any])?["changes"] as? [[String: Any]]
    #expect(changes?.filter { $0["section"] as? String == "tensor" }.count == 130)
    #expect(changes?.allSatisfy { $0["relativeL2"] == nil } == true)
  }
}
