import Foundation

/// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea and Flood, 2014), and the
/// polar method for normal ones.
struct NormalGenerator {
  private var state: UInt64
  private var spare: Double?

  init(seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in 0 ..< bound, which is at least 1.
  mutating func integer(below bound: Int) -> Int {
    Int(bits().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Standard normal.
  mutating func normal() -> Float {
    if let value = spare {
      spare = nil
      return Float(value)
    }
    while true {
      let x = 2 * unit() - 1
      let y = 2 * unit() - 1
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spare = y * factor
      return Float(x * factor)
    }
  }

  /// Uniform in 0 ..< 1, of 53 bits.
  private mutating func unit() -> Double { Double(bits() >> 11) * 0x1p-53 }
}
