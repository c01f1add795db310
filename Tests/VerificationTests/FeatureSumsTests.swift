import Foundation
import Testing
import Verification

@Suite("Exact sums of features")
struct FeatureSumsTests {
  /// Made-up features with a mean far from 0, which a covariance of rounded sums would lose.
  private let rows: [[Float]] = (0..<40).map { number in
    let large = 1000 + Float(number * number % 17) / 8
    let middle = Float(number % 5) / 16 - 3
    return [large, middle, Float(number % 7) * 1e-3]
  }

  private func sums(_ rows: some Sequence<[Float]>) -> FeatureSums {
    var sums = FeatureSums(size: 3)
    for row in rows { sums.add(row) }
    return sums
  }

  @Test("parts added in any order are the whole, bit for bit")
  func parts() throws {
    let whole = sums(rows)
    for cut in [1, 7, 20, 39] {
      var merged = sums(rows[cut...])
      try merged.add(sums(rows[..<cut].reversed()))
      #expect(merged == whole)
      #expect(try merged.moments()?.covariance == whole.moments()?.covariance)
    }
  }

  @Test("the moments are those of the features")
  func moments() throws {
    let exact = try #require(try sums(rows).moments())
    let direct = try FeatureMoments(rows.map { $0.map(Double.init) })
    for (left, right) in zip(exact.mean, direct.mean) {
      #expect(abs(left - right) <= 1e-9)
    }
    for (left, right) in zip(exact.covariance, direct.covariance) {
      // Features are rounded to 2⁻³², covariances follow.
      #expect(abs(left - right) <= 1e-9)
    }
  }

  @Test("a feature that is not finite or too large makes the moments unknown")
  func unusable() throws {
    for value in [Float.nan, .infinity, 0x1p25] {
      var sums = sums(rows)
      sums.add([0, value, 0])
      #expect(sums.unusableCount == 1)
      #expect(try sums.moments() == nil)
    }
    #expect(try sums(rows.prefix(1)).moments() == nil)
    var sums = sums(rows)
    #expect(throws: VerificationError.self) { try sums.add(FeatureSums(size: 2)) }
  }

  @Test("sums come back from JSON as they were; sums of another length are refused")
  func coding() throws {
    let sums = sums(rows)
    let data = try JSONEncoder().encode(sums)
    #expect(try JSONDecoder().decode(FeatureSums.self, from: data) == sums)
    for text in [
      #"{"size": 0, "count": 1, "unusableCount": 0, "sums": "", "products": ""}"#,
      #"{"size": 1, "count": -1, "unusableCount": 0, "sums": "", "products": ""}"#,
      #"{"size": 1, "count": 1, "unusableCount": 0, "sums": "AAAA", "products": "AAAA"}"#,
      #"{"size": 99999999999, "count": 1, "unusableCount": 0, "sums": "", "products": ""}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(FeatureSums.self, from: Data(text.utf8))
      }
    }
  }
}
