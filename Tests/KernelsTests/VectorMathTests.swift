import CImgKernels
import Kernels
import Testing

@Suite struct VectorMathTests {
  /// Functions with their largest error in ulp over the sample, as their documentation states it.
  static let functions: [(ElementwiseFunction, imgk_unary_op, Float, Float, Double)] = [
    (.exp, IMGK_UNARY_EXP, 0, 0, 1), (.log, IMGK_UNARY_LOG, 0, 0, 1),
    (.tanh, IMGK_UNARY_TANH, 0, 0, 1),
    (.sigmoid, IMGK_UNARY_SIGMOID, 0, 0, 3), (.silu, IMGK_UNARY_SILU, 0, 0, 4),
    (.gelu, IMGK_UNARY_GELU, 0, 0, 7),
    (.erf, IMGK_UNARY_ERF, 0, 0, 1), (.sin, IMGK_UNARY_SIN, 0, 0, 1),
    (.cos, IMGK_UNARY_COS, 0, 0, 1),
    (.softplus, IMGK_UNARY_SOFTPLUS, 0, 0, 2), (.mish, IMGK_UNARY_MISH, 0, 0, 4),
    (.elu(alpha: 1.5), IMGK_UNARY_ELU, 1.5, 0, 3),
    (.selu(alpha: 1.6732632, gamma: 1.050701), IMGK_UNARY_SELU, 1.6732632, 1.050701, 3),
    (.relu, IMGK_UNARY_RELU, 0, 0, 0), (.leakyRelu(alpha: 0.01), IMGK_UNARY_LEAKY_RELU, 0.01, 0, 0),
    (.hardSigmoid(alpha: 0.2, beta: 0.5), IMGK_UNARY_HARD_SIGMOID, 0.2, 0.5, 0),
    (.hardSwish(alpha: 1 / 6, beta: 0.5), IMGK_UNARY_HARD_SWISH, 1 / 6, 0.5, 1),
    (.squareRoot, IMGK_UNARY_SQRT, 0, 0, 0), (.reciprocalSquareRoot, IMGK_UNARY_RSQRT, 0, 0, 1),
    (.reciprocal, IMGK_UNARY_RECIPROCAL, 0, 0, 0), (.absolute, IMGK_UNARY_ABS, 0, 0, 0),
    (.negative, IMGK_UNARY_NEG, 0, 0, 0), (.floor, IMGK_UNARY_FLOOR, 0, 0, 0),
    (.ceiling, IMGK_UNARY_CEIL, 0, 0, 0), (.round, IMGK_UNARY_ROUND, 0, 0, 0),
    (.clip(low: -1.5, high: 2), IMGK_UNARY_CLIP, -1.5, 2, 0),
    (.affine(scale: 1.1, shift: -0.3), IMGK_UNARY_AFFINE, 1.1, -0.3, 0),
    (.square, IMGK_UNARY_SQUARE, 0, 0, 0),
  ]

  static func apply(_ function: ElementwiseFunction, _ source: [Float]) -> [Float] {
    var result = [Float](repeating: 7, count: source.count)
    VectorMath.apply(function, source, &result, count: source.count)
    return result
  }

  @Test("every function stays within its stated error of the reference over all of fp32")
  func accuracy() {
    let sample = NumberSamples.bitPatterns(step: 401_771) + [0, -0.0, .infinity, -.infinity, .nan]
    for (function, code, alpha, beta, limit) in Self.functions {
      var expected = sample
      imgk_unary_ref(code, sample, &expected, sample.count, alpha, beta)
      let found = Self.apply(function, sample)
      var worst = (ulps: 0.0, at: Float(0))
      for (i, x) in sample.enumerated() {
        // Below 2^-119 a factor of the result is subnormal and has lost digits: the error is absolute there.
        let tiny = expected[i].magnitude < 0x1p-119 && expected[i] != 0
        let error =
          tiny ? Double((found[i] - expected[i]).magnitude) / 0x1p-126 : ulps(found[i], expected[i])
        if error > worst.ulps { worst = (error, x) }
      }
      #expect(worst.ulps <= limit, "\(function) at \(worst.at)")
    }
  }

  @Test("the tanh form of GELU errs by at most 2^-22 |x|")
  func geluTanhAccuracy() {
    let sample = stride(from: Float(-12), to: 12, by: 0.0037).map { $0 }
    var expected = sample
    imgk_unary_ref(IMGK_UNARY_GELU_TANH, sample, &expected, sample.count, 0, 0)
    let found = Self.apply(.geluTanh, sample)
    for (i, x) in sample.enumerated() {
      #expect(abs(found[i] - expected[i]) <= 0x1p-22 * abs(x))
    }
  }

  @Test("every instruction set gives the same bits: AVX-512 and AVX2 differ by 0")
  func sameBitsEverywhere() {
    let sample = NumberSamples.bitPatterns(step: 1_401_771)
    for (function, _, _, _, _) in Self.functions {
      let results = underEveryInstructionSet { Self.apply(function, sample) }
      for result in results {
        #expect(sameBits(result.values, results[0].values), "\(function) on \(result.name)")
      }
    }
  }

  @Test("a result does not depend on its place in the array")
  func placeDoesNotMatter() {
    var numbers = NumberSamples(seed: 1)
    let sample = numbers.uniform(-9, 9, count: 1100)
    for (function, _, _, _, _) in Self.functions {
      let whole = Self.apply(function, sample)
      for length in NumberSamples.lengths {
        let part = Self.apply(function, Array(sample[5..<5 + length]))
        #expect(sameBits(part, Array(whole[5..<5 + length])), "\(function), \(length) elements")
      }
    }
  }

  static let binaries: [(VectorMath.BinaryFunction, imgk_binary_op, Double)] = [
    (.add, IMGK_BINARY_ADD, 0), (.subtract, IMGK_BINARY_SUB, 0), (.multiply, IMGK_BINARY_MUL, 0),
    (.divide, IMGK_BINARY_DIV, 0), (.minimum, IMGK_BINARY_MIN, 0), (.maximum, IMGK_BINARY_MAX, 0),
    (.power, IMGK_BINARY_POW, 1), (.prelu, IMGK_BINARY_PRELU, 0),
  ]

  @Test("functions of two numbers equal the reference, specials included")
  func binaryReference() {
    var numbers = NumberSamples(seed: 2)
    let specials: [Float] = [
      0, -0.0, 1, -1, 2, -2, 0.5, -3, .leastNonzeroMagnitude, 3e38, .infinity, -.infinity, .nan,
    ]
    var a: [Float] = []
    var b: [Float] = []
    for x in specials { for y in specials { a.append(x); b.append(y) } }
    a += numbers.uniform(0.001, 30, count: 1000)
    b += numbers.uniform(-20, 20, count: 1000)
    for (function, code, limit) in Self.binaries {
      var expected = a
      imgk_binary_ref(code, a, 1, b, 1, &expected, a.count)
      for result in underEveryInstructionSet({
        var found = a
        VectorMath.apply(function, a, b, &found, count: a.count)
        return found
      }) {
        for i in a.indices where ulps(result.values[i], expected[i]) > limit {
          Issue.record("\(function)(\(a[i]), \(b[i])) on \(result.name): \(result.values[i])")
        }
      }
    }
  }

  @Test("scalars, rows and columns are broadcast", arguments: [0, 1, 15, 16, 17, 33, 127])
  func broadcasts(columns: Int) {
    let rows = 5
    var numbers = NumberSamples(seed: 3)
    let full = numbers.uniform(-2, 2, count: rows * columns)
    let other = numbers.uniform(1, 2, count: max(rows, columns, 1))
    var found = full
    for (broadcast, index) in [
      (VectorMath.Broadcast.row, { (_: Int, c: Int) in c }), (.column, { r, _ in r }),
      (.scalar, { _, _ in 0 }),
    ] as [(VectorMath.Broadcast, (Int, Int) -> Int)] {
      VectorMath.apply(
        .subtract, full, .full, other, broadcast, &found, rows: rows, columns: columns)
      for r in 0..<rows {
        for c in 0..<columns {
          #expect(found[r * columns + c] == full[r * columns + c] - other[index(r, c)])
        }
      }
      VectorMath.apply(
        .divide, other, broadcast, full, .full, &found, rows: rows, columns: columns)
      for r in 0..<rows {
        for c in 0..<columns {
          #expect(found[r * columns + c] == other[index(r, c)] / full[r * columns + c])
        }
      }
    }
  }

  @Test("multiplyAdd rounds once", arguments: NumberSamples.lengths)
  func fused(count: Int) {
    var numbers = NumberSamples(seed: 4)
    let a = numbers.uniform(-2, 2, count: count)
    let b = numbers.uniform(-2, 2, count: count)
    let c = numbers.uniform(-2, 2, count: count)
    var found = a
    VectorMath.multiplyAdd(a, b, c, &found, count: count)
    let products = zip(zip(a, b), c).map { $1.addingProduct($0.0, $0.1) }
    #expect(found == products)
    VectorMath.multiplyAdd(a, scalar: 0.7, c, &found, count: count)
    let scaled = zip(a, c).map { $1.addingProduct($0, 0.7) }
    #expect(found == scaled)
  }
}
