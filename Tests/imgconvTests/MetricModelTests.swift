import Foundation
import TestSupport
import Testing

@Suite(
  "A metric network in verify, with the real program",
  .enabled(if: CommandLine.isBuilt && SharedMaterial.has("models/digits/classifier.onnx")))
struct MetricModelTests {
  private let student = SharedMaterial.fixture("digits/student.onnx")
  private let scheduler = SharedMaterial.fixture("digits/scheduler_config.json")
  private let network = SharedMaterial.path("models/digits/classifier.onnx")

  private func quantized(in folder: TemporaryFolder) throws -> String {
    let path = folder.path(of: "int8.imgc")
    let made = try CommandLine.run(["quantize", student, "--weights", "int8", "-o", path])
    #expect(made.status == 0, "\(made.errors)")
    return path
  }

  private func verify(_ candidate: String, _ more: String...) throws -> CommandLine.Result {
    try CommandLine.run(
      [
        "verify", candidate, "--reference", student, "--trajectory", "--scheduler", scheduler,
        "--steps", "1,2", "--count", "5", "--no-layers", "--metric-model", network + ":features",
      ] + more)
  }

  @Test("tells distance and accuracy; parts joined are the single run byte for byte")
  func shards() throws {
    let folder = try TemporaryFolder()
    let candidate = try quantized(in: folder)
    let whole = folder.path(of: "whole.json")
    let single = try verify(candidate, "--json", whole)
    #expect(single.status == 0, "\(single.output)\(single.errors)")
    #expect(single.output.contains("classifier.onnx:features (2 steps)"))
    #expect(single.output.contains("classifier.onnx:logits (1 step)"))
    #expect(single.output.contains("5 images are too few"))
    let parts = try (1...2).map { index in
      let path = folder.path(of: "part\(index).json")
      _ = try verify(candidate, "--shard", "\(index)/2", "--json", path)
      return path
    }
    let joined = folder.path(of: "joined.json")
    let merged = try CommandLine.run(["report", "merge", parts[1], parts[0], "--json", joined])
    #expect(merged.status == 0, "\(merged.errors)")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: joined))
        == Data(contentsOf: URL(fileURLWithPath: whole)))
  }

  @Test("a limit on the distance fails; an output that the network lacks is refused")
  func limits() throws {
    let folder = try TemporaryFolder()
    let candidate = try quantized(in: folder)
    let gate = try folder.write(
      "gate.yaml",
      Array("version: 1\nrules:\n  - depth: distribution\n    limits: {frechet: 1.0e-6}\n".utf8))
    let failed = try verify(candidate, "--gate", gate)
    #expect(failed.status == 1)
    #expect(failed.output.contains("is above the limit of 1.000e-06"))
    let lacking = try CommandLine.run([
      "verify", candidate, "--reference", student, "--metric-model", network + ":dreams",
    ])
    #expect(lacking.status == 64, "\(lacking.errors)")
    #expect(lacking.errors.contains("expected an output of"))
  }
}
