import ImgconvKit
import TestSupport
import Testing
import Verification

@Suite("A dropped noise correction")
struct DroppedCorrectionTests {
  private let folder = try? TemporaryFolder()

  /// The digits student as an artifact that records whether the noise is corrected; nil for no
  /// record.
  private func student(_ name: String, correctsNoise: Bool?) throws -> String {
    let path = try #require(folder).path(of: name)
    var job = ImportJob(
      sources: [
        ImportJob.Source(path: SharedMaterial.fixture("digits/student.onnx"), role: .student)
      ], output: path)
    job.scheduler = SharedMaterial.fixture("digits/scheduler_config.json")
    job.correctsNoise = correctsNoise
    _ = try job.run { _, _ in }
    return path
  }

  private func trajectory(
    _ candidate: String, _ reference: String,
    _ change: (inout TrajectoryVerifyJob) -> Void = { _ in
    }
  ) throws -> VerificationReport {
    var job = TrajectoryVerifyJob(
      base: VerifyJob(candidate: candidate, reference: reference, count: 1), steps: [1, 2])
    change(&job)
    return try job.run { _ in }
  }

  private func expectDropped(_ report: VerificationReport, transition: Int?) throws {
    #expect(report.judgement.verdict == .fail)
    #expect(report.drift == nil, "the layers agree")
    let drift = try #require(report.samplerDrift)
    #expect(
      drift.settings == [
        SamplerDrift.Setting(name: "noise correction", reference: "on", candidate: "off")
      ])
    #expect(drift.transition?.index == transition)
    #expect(ReportText.faults(of: report).count == 1)
  }

  @Test("in the artifact's record fails, and names the transition")
  func record() throws {
    let reference = try student("on.imgc", correctsNoise: true)
    let damaged = try student("off.imgc", correctsNoise: false)
    try expectDropped(try trajectory(damaged, reference), transition: 1)
    let plain = try VerifyJob(candidate: damaged, reference: reference, count: 1).run { _ in }
    try expectDropped(plain, transition: nil)
  }

  @Test("of the run alone fails, though the artifacts are the same")
  func run() throws {
    let path = try student("on.imgc", correctsNoise: true)
    #expect(try trajectory(path, path).judgement.verdict == .pass)
    try expectDropped(
      try trajectory(path, path) { $0.candidateCorrection = false }, transition: 1)
  }

  @Test("with the whole record fails, since other programs take other defaults")
  func lostRecord() throws {
    let reference = try student("on.imgc", correctsNoise: true)
    let damaged = try student("none.imgc", correctsNoise: nil)
    let report = try trajectory(damaged, reference)
    #expect(report.judgement.verdict == .fail)
    #expect(report.samplerDrift?.settings.count == 2)
    #expect(report.samplerDrift?.transition == nil)
    #expect(try trajectory(reference, damaged).judgement.verdict == .pass)
  }

  @Test("passes where the gate lets drift pass")
  func gate() throws {
    let path = try student("on.imgc", correctsNoise: true)
    let report = try trajectory(path, path) {
      $0.candidateCorrection = false
      $0.base.policy = GatePolicy(usesDefaults: false, failsOnDrift: false)
    }
    #expect(report.judgement.verdict == .pass)
    #expect(report.samplerDrift != nil)
  }
}
