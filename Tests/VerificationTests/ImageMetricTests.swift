import Tensors
import Testing
import Verification

@Suite struct ImageMetricTests {
  /// Images of 16 × 16: a pattern, and the pattern with another one added.
  private func images() throws -> (Tensor, Tensor) {
    var (pattern, other): ([Float], [Float]) = ([], [])
    for row in 0..<16 {
      for column in 0..<16 {
        let value = Float((7 * row + 3 * column) % 16) / 8 - 1
        pattern.append(value)
        other.append(value + 0.125 * Float(row * column % 5 - 2))
      }
    }
    return (try Tensor(pattern, [1, 1, 16, 16]), try Tensor(other, [1, 1, 16, 16]))
  }

  // scipy.ndimage.correlate1d with the 11 Gaussian weights, the mean of the inner windows.
  @Test func similarityEqualsThatOfScipy() throws {
    let (reference, candidate) = try images()
    let found = try #require(
      try StructuralSimilarity.ssim(reference: reference, candidate: candidate))
    #expect(abs(found - 0.7598318642) < 1e-6)
  }

  @Test func anImageIsWhollyLikeItself() throws {
    let (reference, _) = try images()
    let found = try StructuralSimilarity.ssim(reference: reference, candidate: reference)
    #expect(abs((found ?? 0) - 1) < 1e-12)
    #expect(try HistogramDistance.distance(reference: reference, candidate: reference) == 0)
  }

  @Test func severalScalesNeedRoomForAWindowAtTheCoarsest() throws {
    let (reference, candidate) = try images()
    #expect(try StructuralSimilarity.multiScale(reference: reference, candidate: candidate) == nil)
    let values = (0..<(176 * 180)).map { Float($0 % 37) / 37 }
    let large = try Tensor(values, [1, 1, 176, 180])
    let same = try #require(try StructuralSimilarity.multiScale(reference: large, candidate: large))
    #expect(abs(same - 1) < 1e-12)
    let noisy = try Tensor(values.enumerated().map { $1 + Float($0 % 3) / 10 }, [1, 1, 176, 180])
    let other = try #require(
      try StructuralSimilarity.multiScale(reference: large, candidate: noisy))
    #expect(other > 0.5 && other < 1)
  }

  @Test func whatIsNoBatchOfImagesHasNoSimilarity() throws {
    let vector = try Tensor([Float(1), 2])
    #expect(try StructuralSimilarity.ssim(reference: vector, candidate: vector) == nil)
    let broken = try Tensor([Float.nan], [1, 1, 1, 1])
    #expect(try StructuralSimilarity.ssim(reference: broken, candidate: broken) == nil)
  }

  @Test func smallImagesAreSeenThroughTheLargestWindowThatFits() throws {
    let small = try Tensor([Float(0), 1, 0.5, 0.25], [1, 1, 2, 2])
    let found = try StructuralSimilarity.ssim(reference: small, candidate: small)
    #expect(abs((found ?? 0) - 1) < 1e-12)
  }

  @Test func histogramsThatDoNotMeetAreOneApart() throws {
    let low = try Tensor([Float(0), 0, 0, 1])
    let high = try Tensor([Float(1), 1, 1, 1])
    #expect(try HistogramDistance.distance(reference: low, candidate: high) == 0.75)
  }
}
