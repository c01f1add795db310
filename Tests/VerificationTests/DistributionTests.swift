import Testing
import Verification

@Suite("Sets of images in a report")
struct DistributionTests {
  private let subject = Subject(
    component: "vae", graph: "decoder", depth: .distribution, name: "net.onnx:features", steps: 2)

  /// What a network saw in the images of these numbers.
  private func distribution(_ numbers: some Sequence<Int>, shift: Float = 0) -> FeatureDistribution
  {
    var result = FeatureDistribution(subject: subject, size: 2)
    for number in numbers {
      let features = [Float(number % 5), Float(number * number % 7)]
      result.reference.add(features)
      result.candidate.add(features.map { $0 + shift })
    }
    return result
  }

  private func report(
    _ numbers: Range<Int>, of count: Int, shard: Shard? = nil, shift: Float = 0,
    limit: Double? = nil
  ) throws -> VerificationReport {
    let rule = GateRule(
      depth: .distribution, limits: Limits(worst: limit.map { [.frechetDistance: $0] } ?? [:]))
    return try VerificationReport(
      tool: "test", candidate: Reports.artifact, reference: Reports.artifact,
      settings: VerificationSettings(count: count), shard: shard, precisions: ["vae": .int8],
      policy: GatePolicy(rules: limit == nil ? [] : [rule]),
      measurements: Reports.measurements(
        numbers.map { 40 + Double($0 % 3) }, first: numbers.lowerBound),
      distributions: [distribution(numbers, shift: shift)], day: Reports.day)
  }

  @Test("parts keep the sums, and together are the single run byte for byte", arguments: [2, 3])
  func merging(count: Int) throws {
    let whole = try report(0..<23, of: 23, shift: 0.25)
    let parts = try (1...count).map { index in
      let shard = try #require(Shard(index: index, count: count))
      let part = try report(shard.samples(of: 23), of: 23, shard: shard, shift: 0.25)
      #expect(part.distributions?.count == 1)
      #expect(!part.measurements.contains { $0.subject.depth == .distribution })
      return (file: "part\(index)", report: part)
    }
    let merged = try VerificationReport.merging(parts.reversed(), on: Reports.day)
    #expect(try merged.json() == whole.json())
    #expect(whole.distributions == nil)
  }

  @Test("a limit on the distance fails the set, not a sample")
  func limits() throws {
    // Both covariances are the same: the distance is the squared shift, 2 · 0.5².
    let failed = try report(0..<23, of: 23, shift: 0.5, limit: 0.4)
    let finding = try #require(failed.judgement.breaches.first)
    #expect(failed.judgement.verdict == .fail)
    #expect(finding.sample == nil)
    #expect(abs(finding.found - 0.5) < 1e-9)
    #expect(ReportText.text(finding).hasPrefix("Fréchet distance 0.5000 is above the limit of"))
    #expect(try report(0..<23, of: 23, shift: 0.5, limit: 0.6).judgement.verdict == .pass)
    #expect(try report(0..<23, of: 23, shift: .nan, limit: 0.6).judgement.verdict == .fail)
  }

  @Test("too few images for the features are noted")
  func tooFew() throws {
    let notes = try report(0..<2, of: 2).judgement.notes
    #expect(notes.contains { $0.contains("2 images are too few") })
    #expect(try report(0..<23, of: 23).judgement.notes.isEmpty)
  }
}
