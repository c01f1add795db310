import CImgKernels
import Kernels
import Testing

@Suite struct ReductionTests {
  /// fp32 blocks of at most 256 elements over numbers of like sign: within 2^-20 of the fp64 reference.
  static let relativeTolerance = 0x1p-20

  static func reduce(_ reduction: Reduction, _ x: [Float], _ outer: Int, _ axis: Int, _ inner: Int)
    -> [Float]
  {
    var found = [Float](repeating: 7, count: outer * inner)
    reduction.apply(x, outer: outer, axis: axis, inner: inner, &found)
    return found
  }

  @Test(
    "reductions are close to the reference and the same on every instruction set",
    arguments: [(1, 1), (3, 1), (1, 5), (2, 16), (3, 33)])
  func matchesReference(outer: Int, inner: Int) {
    for axis in [0, 1, 2, 15, 16, 17, 31, 33, 63, 127, 255, 256, 257, 1023] {
      var numbers = NumberSamples(seed: UInt64(axis))
      let x = numbers.uniform(0.97, 1.03, count: outer * axis * inner)
      for reduction in Reduction.allCases {
        var expected = [Float](repeating: 0, count: outer * inner)
        imgk_reduce_ref(reduction.code, x, outer, axis, inner, &expected)
        let results = underEveryInstructionSet { Self.reduce(reduction, x, outer, axis, inner) }
        for result in results {
          #expect(sameBits(result.values, results[0].values))
          for (found, wanted) in zip(result.values, expected) where found != wanted {
            if found.isNaN && wanted.isNaN { continue }
            #expect(
              abs(Double(found - wanted)) <= Self.relativeTolerance * max(1, abs(Double(wanted))),
              "\(reduction) of \(axis) on \(result.name)")
          }
        }
      }
    }
  }

  @Test("a long slice gives the same bits for 1 and 2 threads")
  func threadsDoNotMatter() {
    var numbers = NumberSamples(seed: 9)
    let x = numbers.uniform(-1, 1, count: 300_001)
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    for reduction in Reduction.allCases where reduction != .product {
      Parallel.threadCount = 1
      let one = reduction(x, count: x.count)
      Parallel.threadCount = 2
      #expect(sameBits([one], [reduction(x, count: x.count)]))
    }
  }

  @Test("NaN reaches the maximum and the minimum, wherever it stands")
  func extremesShowNaN() {
    for place in [0, 5, 16, 40, 63] {
      var x = [Float](repeating: 1, count: 64)
      x[place] = .nan
      #expect(Reduction.maximum(x, count: 64).isNaN)
      #expect(Reduction.minimum(x, count: 64).isNaN)
      #expect(Self.reduce(.maximum, x, 1, 4, 16)[place % 16].isNaN)
    }
  }

  @Test("log Σ e^x does not overflow")
  func logSumExpOfLargeNumbers() {
    #expect(Reduction.logSumExp([1000, 1000], count: 2) == 1000 + Float(0.6931472))
    #expect(Reduction.logSumExp([-.infinity, -.infinity], count: 2) == -.infinity)
  }
}
