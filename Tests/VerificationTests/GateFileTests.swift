import Testing
import Verification

@Suite("Gate files")
struct GateFileTests {
  @Test("everything that a policy can say is read")
  func whole() throws {
    let policy = try GateFile.parse(
      """
      version: 1
      defaults: false
      confidence: 0.99
      failure-rate: 0.02
      rules:
        - match: image
          depth: trajectory
          steps: 3
          limits: {psnr: 40, ssim: {worst: 0.95, mean: 0.98}}
        - limits: {rel-l2: 0.1}
      baseline:
        tolerance: {psnr: 0.25}
      waivers:
        - {match: "x*", metric: ssim, reason: known, expires: 2027-01-31}
      """, file: "gate.yaml")
    #expect(!policy.usesDefaults)
    #expect(policy.confidence == 0.99)
    #expect(policy.failureRate == 0.02)
    #expect(policy.rules[0].steps == 3)
    #expect(policy.rules[0].limits == Limits(worst: [.psnr: 40, .ssim: 0.95], mean: [.ssim: 0.98]))
    #expect(policy.rules[1].limits.worst == [.relativeL2: 0.1])
    #expect(policy.baselineTolerance[.psnr] == 0.25)
    #expect(policy.baselineTolerance[.ssim] == 0.001)
    #expect(policy.waivers.map(\.expires.description) == ["2027-01-31"])
  }

  @Test(
    "what breaks a rule is named with its line",
    arguments: [
      ("rules: []", "gate.yaml:1: version: expected a value, found nothing"),
      ("version: 2", "gate.yaml:1: version: expected a whole number from 1 to 1"),
      ("version: 1\nlimit: 3", "gate.yaml:2: limit: expected no such field, found limit"),
      (
        "version: 1\nrules:\n  - limits: {psnr: high}",
        "gate.yaml:3: rules[0].limits.psnr: expected a number, found \"high\""
      ),
      (
        "version: 1\nrules:\n  - limits: {psn: 3}",
        "rules[0].limits.psn: expected one of psnr, ssim"
      ),
      ("version: 1\nrules:\n  - match: a", "rules[0].limits: expected a value, found nothing"),
      (
        "version: 1\nwaivers:\n  - {match: a, metric: psnr, reason: r, expires: 2026-02-30}",
        "waivers[0].expires: expected a day as YYYY-MM-DD"
      ),
      (
        "version: 1\nwaivers:\n  - {match: a, metric: psnr, expires: 2026-02-03}",
        "waivers[0].reason: expected a value, found nothing"
      ),
      ("version: 1\nconfidence: 2", "confidence: expected a number from 0.5 to 0.9999"),
      ("- 1", "document: expected a mapping, found a sequence"),
      ("a: [", "document: expected YAML"),
      ("version: 1\nversion: 1", "document: expected YAML"),
    ])
  func refused(text: String, message: String) {
    #expect { _ = try GateFile.parse(text, file: "gate.yaml") } throws: {
      "\($0)".contains(message)
    }
  }
}
