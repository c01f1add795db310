import Foundation
import TestSupport
import Testing
import Verification

@Suite("Parts of a sharded verification")
struct MergingTests {
  private let psnr = [45.0, 39, 50, 47, 41, 44, 48]

  private func parts(_ count: Int) throws -> [(file: String, report: VerificationReport)] {
    try (1...count).map { index in
      let shard = try #require(Shard(index: index, count: count))
      let range = shard.samples(of: psnr.count)
      return (
        "part\(index)",
        try Reports.report(
          Array(psnr[range]), first: range.lowerBound, shard: shard, count: psnr.count)
      )
    }
  }

  @Test("shards split the samples into neighbouring runs that differ by one at most")
  func ranges() throws {
    let ranges = (1...3).compactMap { Shard(index: $0, count: 3)?.samples(of: 7) }
    #expect(ranges == [0..<3, 3..<5, 5..<7])
    #expect(Shard("0/3") == nil)
    #expect(Shard("4/3") == nil)
    #expect(Shard("1/x") == nil)
    #expect(Shard("2/8")?.description == "2/8")
  }

  @Test("merged parts are the single run byte for byte, in any order", arguments: [1, 2, 3, 7])
  func merging(count: Int) throws {
    let whole = try Reports.report(psnr).json()
    let merged = try VerificationReport.merging(try parts(count).reversed(), on: Reports.day)
    #expect(try merged.json() == whole)
  }

  @Test("a report comes back from its file as it was, infinities too")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let report = try Reports.report([.infinity, 40])
    let path = try folder.write("r.json", try report.json())
    #expect(try VerificationReport(path: path) == report)
  }

  @Test("parts that are missing, doubled, whole or of another gate are refused by name")
  func refusals() throws {
    let parts = try parts(3)
    func reason(_ given: [(file: String, report: VerificationReport)]) -> String {
      do {
        _ = try VerificationReport.merging(given, on: Reports.day)
        return ""
      } catch { return "\(error)" }
    }
    let whole = try Reports.report(psnr)
    #expect(reason([parts[0], parts[2]]).contains("parts are missing: 2/3"))
    #expect(reason(parts + [parts[1]]).contains("part2 is part 2/3 too"))
    #expect(reason([("w", whole)]).contains("it is a whole report"))
    var other = parts
    other[1].report.policy.confidence = 0.9
    #expect(reason(other).contains("part2: cannot be merged: its policy differs"))
  }

  @Test("a file that is no report is refused with the field")
  func notAReport() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("r.json", Array(#"{"version": 2}"#.utf8))
    #expect { try VerificationReport(path: path) } throws: {
      "\($0)".contains("expected a report of imgconv verify: ") && "\($0)".contains("missing")
    }
  }
}
