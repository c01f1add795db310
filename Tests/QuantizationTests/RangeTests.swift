import Quantization
import Tensors
import Testing

@Suite("Histograms and ranges")
struct RangeTests {
  private func histogram(_ parts: [[Float]]) throws -> ValueHistogram {
    var histogram = ValueHistogram()
    for part in parts { histogram.add(try Tensor(part)) }
    return histogram
  }

  @Test("A histogram that grows counts as one that was wide from the start")
  func growth() throws {
    let small = SampleGraphs.noise(1000, seed: 5, scale: 0.01)
    let large = SampleGraphs.noise(1000, seed: 6, scale: 900)
    let grown = try histogram([small, large])
    let wide = try histogram([large, small])
    #expect(grown.limit == wide.limit)
    #expect(grown.total == 2000)
    // A value on a bin's edge may fall to either side of it when it is counted before growing.
    let difference = zip(grown.counts, wide.counts).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    #expect(difference <= 4)
    #expect(grown.lowest == (small + large).min() && grown.highest == (small + large).max())
  }

  @Test("Merging histograms adds their counts")
  func merging() throws {
    let parts = (0..<4).map {
      SampleGraphs.noise(500, seed: UInt64($0) + 7, scale: Float($0 * 9 + 1))
    }
    var merged = ValueHistogram()
    for part in parts { merged.merge(try histogram([part])) }
    #expect(merged.total == 2000)
    #expect(merged.highest == parts.flatMap { $0 }.max())
  }

  @Test("NaN and infinities are not counted")
  func nonFinite() throws {
    let found = try histogram([[.nan, 1, .infinity, -2, -.infinity]])
    #expect(found.lowest == -2 && found.highest == 1)
  }

  @Test(
    "uint8 covers the range and zero; int8 symmetric centres on zero",
    arguments: [(Float(-1), Float(3)), (0.5, 2), (-4, -1), (0, 0)])
  func parameters(_ range: (Float, Float)) {
    let unsigned = StaticActivations().integers
    let found = unsigned.parameters(lowest: range.0, highest: range.1)
    let low = min(range.0, 0)
    let high = max(range.1, 0)
    #expect((0...255).contains(found.zeroPoint))
    #expect(found.scale == (high > low ? (high - low) / 255 : 1))
    let symmetric = StaticActivations(dtype: .int8, isSymmetric: true).integers
    let centred = symmetric.parameters(lowest: range.0, highest: range.1)
    #expect(centred.zeroPoint == 0)
    #expect(centred.scale == (high > low ? max(-range.0, range.1) / 127 : 1))
  }

  @Test(
    "No scale is subnormal, and every value is within half a step",
    arguments: [Float(5.402e-42), .leastNonzeroMagnitude, 1e-38, .leastNormalMagnitude])
  func smallest(_ value: Float) {
    for isSymmetric in [true, false] {
      let integers = StaticActivations(dtype: .int8, isSymmetric: isSymmetric).integers
      let found = integers.parameters(lowest: -value, highest: value)
      #expect(found.scale.isNormal)
      let code = (value / found.scale).rounded(.toNearestOrEven)
      #expect(abs(code * found.scale - value) <= found.scale * 0.5001)
    }
  }

  @Test("Methods are named as options name them")
  func names() {
    for name in ["min-max", "entropy", "mse", "percentile:99.9"] {
      #expect(RangeMethod(name: name)?.description == name)
    }
    for name in ["percentile:50", "percentile:101", "percentile:nan", "max", ""] {
      #expect(RangeMethod(name: name) == nil)
    }
  }
}
