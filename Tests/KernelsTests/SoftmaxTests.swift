import CImgKernels
import Kernels
import Testing

@Suite struct SoftmaxTests {
  /// Two ulp of the exponential, one of the scale, one of the product.
  static let tolerance: Float = 0x1p-21
  /// x - max - log Σ: a few roundings of numbers below 32.
  static let logarithmTolerance: Float = 0x1p-18

  @Test("softmax is close to the reference along inner and outer axes", arguments: [1, 3, 16, 37])
  func matchesReference(inner: Int) {
    for axis in NumberSamples.lengths {
      var numbers = NumberSamples(seed: UInt64(axis))
      let x = numbers.uniform(-12, 12, count: 2 * axis * inner)
      for logarithm in [false, true] {
        var expected = x
        imgk_softmax_ref(x, &expected, 2, axis, inner, logarithm ? 1 : 0)
        let results = underEveryInstructionSet {
          var found = x
          if logarithm {
            Softmax.applyLogarithm(found, &found, outer: 2, axis: axis, inner: inner)
          } else {
            Softmax.apply(x, &found, outer: 2, axis: axis, inner: inner)
          }
          return found
        }
        let allowed = logarithm ? Self.logarithmTolerance : Self.tolerance
        for result in results {
          #expect(sameBits(result.values, results[0].values))
          let worst = zip(result.values, expected).map { abs($0 - $1) }.max() ?? 0
          #expect(worst <= allowed)
        }
      }
    }
  }

  @Test("masked elements get 0, and a wholly masked slice NaN")
  func masks() {
    var found: [Float] = [0, 0, 0]
    Softmax.apply([1, -.infinity, 1], &found, outer: 1, axis: 3)
    #expect(found == [0.5, 0, 0.5])
    Softmax.apply([-.infinity, -.infinity, -.infinity], &found, outer: 1, axis: 3)
    #expect(found.filter(\.isNaN).count == 3)
  }
}
