import Diffusion
import Tensors
import Testing

@Suite("Packed latents")
struct PackedDenoiserTests {
  /// Gives back what it is shown.
  private final class Mirror: Denoiser {
    var seen: Tensor?
    func predict(
      _ sample: Tensor, timestep: Float, conditioning: Conditioning
    ) throws -> Tensor {
      seen = sample
      return sample
    }
  }

  @Test("two by two patches become tokens, channels outermost, and come back in place")
  func packing() throws {
    // Channel · 100 + row · 10 + column.
    let values: [Float] = [
      0, 1, 2, 3, 10, 11, 12, 13, 100, 101, 102, 103, 110, 111, 112, 113,
    ]
    let mirror = Mirror()
    let sample = try Tensor(values, [1, 2, 2, 4])
    let result = try PackedDenoiser(mirror).predict(
      sample, timestep: 1, conditioning: Conditioning())
    #expect(result.shape == sample.shape)
    #expect(result.array(of: Float.self) == values)
    let seen = try #require(mirror.seen)
    #expect(seen.shape == [1, 2, 8])
    #expect(
      seen.array(of: Float.self) == [
        0, 1, 10, 11, 100, 101, 110, 111, 2, 3, 12, 13, 102, 103, 112, 113,
      ])
  }

  @Test func oddLatentsAreRefused() throws {
    let sample = try Tensor(zeros: .float32, [1, 1, 3, 2])
    #expect(throws: DiffusionError.self) {
      try PackedDenoiser(Mirror()).predict(sample, timestep: 1, conditioning: Conditioning())
    }
  }
}
