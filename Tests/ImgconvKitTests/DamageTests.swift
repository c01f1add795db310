import ImgconvKit
import ModelGraph
import TestSupport
import Testing
import Verification

@Suite("A damaged student")
struct DamageTests {
  private func report(
    _ candidate: Component, _ reference: Component, seed: UInt64 = 0
  ) throws -> VerificationReport {
    let measured = try ModelVerifier(
      samples: DrawnSamples(seed: seed, numbers: 0..<1), comparesLayers: true
    ).measure(
      candidate: Model(components: [candidate]), reference: Model(components: [reference]))
    let artifact = ComparedArtifact(name: "student", digest: "", byteCount: 0)
    let day = try #require(CalendarDay("2026-11-24"))
    return try VerificationReport(
      tool: "test", candidate: artifact, reference: artifact,
      settings: VerificationSettings(count: 1), precisions: measured.precisions,
      policy: GatePolicy(), measurements: measured.measurements, drift: measured.drift, day: day)
  }

  @Test("is caught by the default gate, and the layer is named", arguments: Damage.all)
  func caught(damage: Damage) throws {
    let student = try VerifiedStudent()
    var candidate = try student.quantized(isSymmetric: damage.isSymmetric)
    try damage.apply(&candidate)
    let report = try report(candidate, student.reference)
    #expect(report.judgement.verdict == .fail)
    let drift = try #require(report.drift)
    let named = [drift.weight ?? "", drift.layer, drift.operatorType].joined(separator: " ")
    #expect(named.contains(damage.culprit), "\(named): \(drift.reason)")
  }

  @Test(
    "another student's weights are caught at the first layer",
    .enabled(if: SharedMaterial.has("models/digits/teacher.onnx"), "needs ../shared/models"))
  func anotherStudent() throws {
    let student = try VerifiedStudent()
    let other = try ModelLoader().load(path: SharedMaterial.path("models/digits/teacher.onnx"))
    var candidate = try student.quantized(isSymmetric: true)
    candidate.weights = other.model.components[0].weights
    candidate.graphs = other.model.components[0].graphs
    candidate.quantization = [:]
    let report = try report(candidate, student.reference)
    #expect(report.judgement.verdict == .fail)
    let first = try #require(report.measurements.first { $0.subject.depth == .isolated })
    #expect(report.drift?.weight?.isEmpty == false, "\(first.subject.name)")
  }

  @Test(
    "a bias added after a product may be corrected for the product's rounding, and no more",
    .enabled(if: SharedMaterial.has("models/digits/student"), "needs ../shared/models"),
    arguments: [(0.9995 as Float, Judgement.Verdict.pass), (0, .fail)])
  func correctedBias(factor: Float, expected: Judgement.Verdict) throws {
    let name = "time_embedding.linear_1.bias"
    let student = try VerifiedStudent(path: SharedMaterial.path("models/digits/student"))
    var candidate = try student.quantized(isSymmetric: true)
    try candidate.edit(Float.self, name) { $0.map { $0 * factor } }
    let report = try report(candidate, student.reference)
    #expect(report.judgement.verdict == expected, "\(report.drift?.reason ?? "")")
    #expect(report.drift?.weight == (expected == .pass ? nil : name))
  }

  @Test("an honest conversion passes whatever the seed", arguments: [0, 1, 2, 3, 4])
  func honest(seed: UInt64) throws {
    let student = try VerifiedStudent()
    let candidate = try student.quantized(isSymmetric: seed % 2 == 0)
    let report = try report(candidate, student.reference, seed: seed)
    #expect(report.judgement.verdict == .pass, "\(report.drift?.reason ?? "")")
  }
}
