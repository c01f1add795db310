import Tensors

/// How a number between two powers of two becomes a `float8e8m0` (Cast's `round_mode`).
enum PowerRounding: String, CaseIterable, Sendable {
  /// To the higher power.
  case up
  /// To the lower power.
  case down
  /// To the nearer power, the middle to the higher one.
  case nearest
}

/// `float8e8m0` (OCP microscaling formats): powers of two from 2^−127 to 2^127, code 255 is NaN.
enum PowerOfTwoScale {
  private static let notANumber: UInt8 = 255
  private static let greatest: UInt8 = 254

  /// The number that `code` stands for.
  static func decode(_ code: UInt8) -> Float {
    code == notANumber ? .nan : Float(sign: .plus, exponent: Int(code) - 127, significand: 1)
  }

  /// The code of `value`'s magnitude. Where `saturate`, numbers out of range and infinity give the
  /// nearest end of the range, else NaN; NaN gives NaN.
  static func encode(_ value: Double, _ rounding: PowerRounding, saturate: Bool) -> UInt8 {
    let magnitude = value.magnitude
    guard !magnitude.isNaN else { return notANumber }
    guard magnitude > 0 else { return saturate ? 0 : notANumber }
    guard magnitude.isFinite else { return saturate ? greatest : notANumber }
    var exponent = Int(magnitude.exponent)
    let roundsUp =
      switch rounding {
      case .up: magnitude.significand > 1
      case .down: false
      case .nearest: magnitude.significand >= 1.5
      }
    if roundsUp { exponent += 1 }
    if (-127...127).contains(exponent) { return UInt8(exponent + 127) }
    return saturate ? (exponent < 0 ? 0 : greatest) : notANumber
  }
}
