import Testing
import Verification

@Suite("Gate policies")
struct GatePolicyTests {
  private func policy(_ limit: Double, rate: Double? = nil) -> GatePolicy {
    GatePolicy(
      rules: [GateRule(limits: Limits(worst: [.psnr: limit]))], usesDefaults: false,
      failureRate: rate)
  }

  @Test("one sample beyond a limit fails and is named")
  func worst() throws {
    let judgement = try Reports.report([45, 39.5, 50], policy: policy(40)).judgement
    #expect(judgement.verdict == .fail)
    #expect(judgement.findings.map(\.sample) == [1])
    #expect(
      ReportText.breaches(of: judgement).map(\.text) == [
        "sample 1: PSNR 39.50 dB is 0.50 dB below the limit of 40.00 dB"
      ])
  }

  @Test("the first rule that limits a metric counts; the defaults complete what no rule limits")
  func order() throws {
    let policy = GatePolicy(rules: [
      GateRule(match: "im*", limits: Limits(worst: [.psnr: 44])),
      GateRule(limits: Limits(worst: [.psnr: 10, .ssim: 0.9])),
    ])
    let limits = policy.limits(for: Reports.image, precision: .int8)
    #expect(limits.worst == [.psnr: 44, .ssim: 0.9, .cosine: 0.99, .nonFinite: 0])
  }

  @Test("rules look at depth, number of steps and step")
  func steps() throws {
    let rule = GateRule(depth: .trajectory, steps: 3, step: 2, limits: Limits(worst: [.psnr: 1]))
    func subject(_ steps: Int, _ step: Int?) -> Subject {
      Subject(component: "unet", depth: .trajectory, name: "x0", steps: steps, step: step)
    }
    #expect(rule.applies(to: subject(3, 2)))
    #expect(!rule.applies(to: subject(3, 1)))
    #expect(!rule.applies(to: subject(2, 2)))
    #expect(!rule.applies(to: subject(3, nil)))
    #expect(!rule.applies(to: Reports.image))
  }

  @Test("integers must agree exactly whatever the rules say")
  func exact() throws {
    let subject = Subject(component: "m", depth: .outputs, name: "ids", isExact: true)
    #expect(
      policy(1).limits(for: subject, precision: .int4).worst == [.maximumError: 0, .nonFinite: 0])
  }

  @Test("a limit on the mean looks at the mean alone")
  func mean() throws {
    let policy = GatePolicy(
      rules: [GateRule(limits: Limits(mean: [.psnr: 40]))], usesDefaults: false)
    #expect(try Reports.report([30, 51], policy: policy).passed)
    let failed = try Reports.report([30, 49], policy: policy).judgement
    #expect(failed.findings.map(\.kind) == [.mean])
  }

  @Test("NaN keeps to no limit")
  func notANumber() throws {
    #expect(try Reports.report([.nan], policy: policy(1)).judgement.verdict == .fail)
  }

  @Test("a failure rate needs samples: too few decide nothing, enough pass, too many fail")
  func failureRate() throws {
    let few = try Reports.report([Double](repeating: 50, count: 20), policy: policy(40, rate: 0.05))
    #expect(few.judgement.verdict == .undecided)
    #expect(few.judgement.notes.first?.contains("with none failing it takes 59") == true)
    let enough = try Reports.report(
      [Double](repeating: 50, count: 59), policy: policy(40, rate: 0.05))
    #expect(enough.judgement.verdict == .pass)
    let one = [30] + [Double](repeating: 50, count: 92)
    #expect(try Reports.report(one, policy: policy(40, rate: 0.05)).judgement.verdict == .pass)
    let many = [Double](repeating: 30, count: 6) + [Double](repeating: 50, count: 14)
    #expect(try Reports.report(many, policy: policy(40, rate: 0.05)).judgement.verdict == .fail)
  }

  @Test("a waiver lets a breach pass until its day, with its reason")
  func waivers() throws {
    var policy = policy(40)
    let day = try #require(CalendarDay("2026-11-24"))
    policy.waivers = [Waiver(match: "image", metric: .psnr, reason: "known", expires: day)]
    let waived = try Reports.report([39], policy: policy).judgement
    #expect(waived.verdict == .pass)
    #expect(waived.findings.first?.waiver?.reason == "known")
    policy.waivers[0].expires = try #require(CalendarDay("2026-11-23"))
    let expired = try Reports.report([39], policy: policy).judgement
    #expect(expired.verdict == .fail)
    #expect(expired.notes == ["the waiver of PSNR for image expired on 2026-11-23: known"])
  }

  @Test("falling behind a baseline beyond the tolerance fails inside the absolute limits")
  func baseline() throws {
    let earlier = try Reports.report([50, 52])
    #expect(try Reports.report([50, 51.2], baseline: earlier).passed)
    let behind = try Reports.report([50, 50.8], baseline: earlier).judgement
    #expect(behind.verdict == .fail)
    #expect(behind.findings.map(\.kind) == [.baseline])
    #expect(
      ReportText.text(behind.findings[0])
        == "mean of PSNR 50.40 dB is 0.10 dB below what the baseline allows, 50.50 dB")
  }
}
