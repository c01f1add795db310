import Testing
import Verification

@Suite struct FeatureMomentsTests {
  // scipy.linalg.sqrtm: tr(A) + tr(B) − 2 tr(sqrtm(A B)).
  @Test func theDistanceEqualsThatOfScipy() throws {
    let a = try FeatureMoments(mean: [0, 1], covariance: [2, 1, 1, 3])
    let b = try FeatureMoments(mean: [0, 1], covariance: [1, -0.5, -0.5, 2])
    #expect(abs(try a.frechetDistance(to: b) - 0.8122104140147197) < 1e-9)
    #expect(abs(try b.frechetDistance(to: a) - 0.8122104140147197) < 1e-9)
  }

  @Test func meansCountBySquares() throws {
    let a = try FeatureMoments(mean: [0, 0], covariance: [4, 0, 0, 9])
    let b = try FeatureMoments(mean: [3, 4], covariance: [1, 0, 0, 1])
    #expect(abs(try a.frechetDistance(to: b) - (25 + 13 + 2 - 2 * 5)) < 1e-9)
    #expect(abs(try a.frechetDistance(to: a)) < 1e-9)
  }

  @Test func momentsAreMeanAndSampleCovariance() throws {
    let moments = try FeatureMoments([[1, 2], [3, 6]])
    #expect(moments.mean == [2, 4])
    #expect(moments.covariance == [2, 4, 4, 8])
  }

  @Test func rowsOfOneLengthAndTwoAtLeastAreNeeded() {
    #expect(throws: VerificationError.self) { try FeatureMoments([[1, 2]]) }
    #expect(throws: VerificationError.self) { try FeatureMoments([[1, 2], [1]]) }
    #expect(throws: VerificationError.self) {
      try FeatureMoments(mean: [1], covariance: [1, 2])
    }
  }
}
