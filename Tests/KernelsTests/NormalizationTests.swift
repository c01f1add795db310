import CImgKernels
import Kernels
import Testing

@Suite struct NormalizationTests {
  /// Some roundings of numbers of order 1 to 4.
  static let tolerance: Float = 0x1p-19

  static func expectClose(_ results: [(name: String, values: [Float])], _ expected: [Float]) {
    for result in results {
      #expect(sameBits(result.values, results[0].values), "\(result.name)")
      let worst = zip(result.values, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= tolerance, "\(result.name)")
    }
  }

  @Test(
    "group normalisation is close to the reference", arguments: [(1, 1), (2, 2), (6, 3), (4, 4)])
  func group(channels: Int, groups: Int) {
    for pixels in [1, 15, 16, 33, 63, 127, 1023] {
      var numbers = NumberSamples(seed: UInt64(pixels))
      let x = numbers.uniform(1, 3, count: 2 * channels * pixels)
      let gamma = numbers.uniform(0.5, 1.5, count: channels)
      let beta = numbers.uniform(-1, 1, count: channels)
      for silu in [false, true] {
        var expected = x
        imgk_group_norm_ref(
          x, &expected, 2, channels, pixels, groups, gamma, beta, 1e-5, silu ? 1 : 0)
        Self.expectClose(
          underEveryInstructionSet {
            var found = x
            Normalization.group(
              x, &found, batch: 2, channels: channels, pixels: pixels, groups: groups,
              scale: gamma, bias: beta, epsilon: 1e-5, silu: silu)
            return found
          }, expected)
      }
    }
  }

  @Test(
    "layer normalisation is that of one channel, with its statistics", arguments: [1, 17, 64, 1023])
  func layer(count: Int) {
    var numbers = NumberSamples(seed: UInt64(count))
    let x = numbers.uniform(-2, 2, count: 3 * count)
    var expected = x
    imgk_group_norm_ref(x, &expected, 3, 1, count, 1, nil, nil, 1e-5, 0)
    let gamma = numbers.uniform(0.5, 1.5, count: count)
    let beta = numbers.uniform(-1, 1, count: count)
    for i in x.indices { expected[i] = expected[i] * gamma[i % count] + beta[i % count] }
    var means = [Float](repeating: 0, count: 3)
    var inverses = means
    Self.expectClose(
      underEveryInstructionSet {
        var found = x
        Normalization.layer(
          x, &found, rows: 3, count: count, scale: gamma, bias: beta, epsilon: 1e-5,
          mean: &means, inverseDeviation: &inverses)
        return found
      }, expected)
    for row in 0..<3 {
      let mean = x[row * count..<(row + 1) * count].reduce(0.0) { $0 + Double($1) } / Double(count)
      #expect(abs(Double(means[row]) - mean) < 1e-6)
      #expect(inverses[row] > 0)
    }
  }

  @Test("a mean far from 0 does not spoil the variance")
  func largeMean() {
    var numbers = NumberSamples(seed: 3)
    let x = numbers.uniform(1000, 1001, count: 4096)
    var expected = x
    var found = x
    imgk_group_norm_ref(x, &expected, 1, 1, 4096, 1, nil, nil, 1e-5, 0)
    Normalization.layer(x, &found, rows: 1, count: 4096, epsilon: 1e-5)
    // The mean is rounded to fp32 at 1000 (2^-14), a deviation of 0.29 being the unit.
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst < 0x1p-12)
  }

  @Test("RMS normalisation is close to the reference", arguments: [1, 16, 33, 1023])
  func rootMeanSquare(count: Int) {
    var numbers = NumberSamples(seed: UInt64(count))
    let x = numbers.uniform(-2, 2, count: 2 * count)
    let gamma = numbers.uniform(0.5, 1.5, count: count)
    var expected = x
    imgk_rms_norm_ref(x, &expected, 2, count, gamma, 1e-6)
    Self.expectClose(
      underEveryInstructionSet {
        var found = x
        Normalization.rootMeanSquare(
          x, &found, rows: 2, count: count, scale: gamma, epsilon: 1e-6)
        return found
      }, expected)
  }

  @Test("batch normalisation uses the given statistics")
  func batch() {
    var numbers = NumberSamples(seed: 8)
    let x = numbers.uniform(-2, 2, count: 2 * 3 * 19)
    let mean: [Float] = [0.5, -1, 0]
    let variance: [Float] = [1, 4, 0.25]
    var found = x
    Normalization.batch(
      x, &found, batch: 2, channels: 3, pixels: 19, mean: mean, variance: variance,
      scale: [1, 2, 3], bias: [0, 1, -1], epsilon: 1e-5)
    for i in x.indices {
      let c = i / 19 % 3
      let deviation = (Double(variance[c]) + 1e-5).squareRoot()
      let wanted = Double(x[i] - mean[c]) / deviation * [1, 2, 3][c] + [0, 1, -1][c]
      #expect(abs(Double(found[i]) - wanted) < 1e-5)
    }
  }
}
