import ImgconvKit
import Quantization
import TestSupport
import Testing
import Verification

@Suite("Bisection of a gate that fails")
struct BisectionTests {
  /// How much better than what was measured the gate asks for, in dB.
  private static let demanded = 4.0
  private let student = SharedMaterial.fixture("digits/student.onnx")

  /// The digits student in int8 with one scale a tensor, and what `rules` keep.
  private func quantized(_ folder: TemporaryFolder, _ name: String, rules: [String]) throws
    -> String
  {
    let text =
      "version: 1\nweights: int8\ngranularity: tensor\nrounding: nearest\n"
      + (rules.isEmpty ? "" : "rules:\n" + rules.map { "  \($0)\n" }.joined())
    let path = folder.path(of: name)
    _ = try QuantizeJob(input: student, output: path, recipe: Recipe(yaml: text)).run { _, _ in }
    return path
  }

  private func base(_ candidate: String, limit: Double?) -> VerifyJob {
    VerifyJob(
      candidate: candidate, reference: student, count: 1, comparesLayers: false, bisects: true,
      policy: GatePolicy(
        rules: limit.map { [GateRule(limits: Limits(worst: [.psnr: $0]))] } ?? [],
        usesDefaults: false))
  }

  /// Finds layers to keep for a limit above what the candidate reaches, and quantizes again with
  /// the lines found.
  private func findsAndHolds(_ run: (VerifyJob) throws -> VerificationReport) throws {
    let folder = try TemporaryFolder()
    let candidate = try quantized(folder, "tensor.imgc", rules: [])
    let measured = try run(base(candidate, limit: nil))
    #expect(measured.bisection == nil)
    let limit = try #require(measured.measurements.compactMap { $0.values[.psnr] }.min())
    let failed = try run(base(candidate, limit: limit + Self.demanded))
    #expect(failed.judgement.verdict == .fail)
    let found = try #require(failed.bisection)
    #expect(found.isFound)
    #expect((1..<found.layerCount).contains(found.recipeLines.count))
    let mended = try quantized(folder, "mended.imgc", rules: found.recipeLines)
    let report = try run(base(mended, limit: limit + Self.demanded))
    #expect(report.judgement.verdict == .pass)
  }

  @Test("finds layers for the outputs, and the lines work in a recipe")
  func outputs() throws {
    try findsAndHolds { try $0.run { _ in } }
  }

  @Test("finds layers for whole trajectories, and the lines work in a recipe")
  func trajectories() throws {
    try findsAndHolds { base in
      var job = TrajectoryVerifyJob(base: base, steps: [1])
      job.scheduler = SharedMaterial.fixture("digits/scheduler_config.json")
      return try job.run { _ in }
    }
  }
}
