import Diffusion
import Testing

@Suite struct TorchGeneratorTests {
  // torch.randn(16, generator=g)[:2], g = torch.Generator().manual_seed(5); then
  // torch.randint(10, (), generator=g) six times (PyTorch 2.13).
  @Test func drawsFollowOneAnotherAsInTorch() {
    var generator = TorchGenerator(seed: 5)
    let values = generator.normals(16)
    #expect(abs(values[0] - 1.8423) < 1e-4)
    #expect(abs(values[1] - 0.5189) < 1e-4)
    #expect((0..<6).map { _ in generator.integer(below: 10) } == [3, 0, 7, 9, 9, 7])
  }

  @Test func batchesOfWholeBlocksEqualOneDraw() {
    var whole = TorchGenerator(seed: 42)
    var parts = TorchGenerator(seed: 42)
    #expect(whole.normals(512) == parts.normals(256) + parts.normals(256))
  }

  @Test func aTailIsDrawnAnew() {
    var short = TorchGenerator(seed: 1)
    var long = TorchGenerator(seed: 1)
    let (left, right) = (short.normals(40), long.normals(48))
    #expect(left[0..<24] == right[0..<24])
    #expect(left[24..<40] != right[24..<40])
  }

  @Test func seedsCountModuloTwoToThe32() {
    var low = TorchGenerator(seed: 3)
    var high = TorchGenerator(seed: 3 + 1 << 40)
    #expect(low.normals(20) == high.normals(20))
  }

  @Test func theSecondOfASmallPairIsKeptAcrossDraws() {
    var together = TorchGenerator(seed: 9)
    var apart = TorchGenerator(seed: 9)
    #expect(together.normals(4) == apart.normals(1) + apart.normals(2) + apart.normals(1))
  }

  @Test func noNumbersAreDrawnForNone() {
    var generator = TorchGenerator(seed: 0)
    #expect(generator.normals(0).isEmpty)
  }
}
