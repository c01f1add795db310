import CImgKernels
import Kernels

/// Numbers for the kernels' tests: reproducible, from a 64-bit linear congruential generator.
struct NumberSamples {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 16
  }

  /// Uniform in low ..< high.
  mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(next() & 0xFFFFFF) / 16_777_216
  }

  mutating func uniform(_ low: Float, _ high: Float, count: Int) -> [Float] {
    (0..<count).map { _ in uniform(low, high) }
  }

  /// Every bit pattern of fp32 that is a multiple of `step`: zeros, subnormals, infinities and NaN among them.
  static func bitPatterns(step: Int) -> [Float] {
    stride(from: 0, to: 1 << 32, by: step).map { Float(bitPattern: UInt32($0)) }
  }

  /// The lengths at which tails go wrong, for kernels of 16 lanes.
  static let lengths = Array(0...33) + [63, 127, 1023]
}

/// The distance of two numbers in units in the last place of `expected`, subnormals counting as the smallest normal's.
func ulps(_ found: Float, _ expected: Float) -> Double {
  if found.isNaN && expected.isNaN || found == expected { return 0 }
  guard expected.isFinite else {
    // One rounding away from overflow.
    return abs(found) > 3.4e38 && found.sign == expected.sign ? 1 : .infinity
  }
  guard found.isFinite else {
    return abs(expected) > 3.4e38 && found.sign == expected.sign ? 1 : .infinity
  }
  return abs(Double(found) - Double(expected)) / Double(expected.magnitude.ulp)
}

/// Whether two arrays hold the same bits, all NaN counting as one.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
}

/// Runs `body` with every instruction set of this CPU in force and with 1 and 2 threads, and returns the results.
func underEveryInstructionSet(_ body: () -> [Float]) -> [(name: String, values: [Float])] {
  InstructionSet.supported.map { isa in (isa.rawValue, isa.forced(body)) }
}
