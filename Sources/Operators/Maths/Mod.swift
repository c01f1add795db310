import Foundation
import Tensors

/// `Mod` (ai.onnx 28): A − round(A / B) · B, broadcast, for all number types.
///
/// `fmod` 0 rounds the quotient down, so that the result has the sign of B; 1 rounds toward zero,
/// so that it has the sign of A. Integers give 0 for B = 0 (numpy's result); floats give NaN for
/// B = ±0 and for infinite A.
struct ModOperator: BinaryNumericOperator {
  static let opType = "Mod"

  private let truncates: Bool

  init(_ attributes: inout AttributeReader) throws {
    let fmod = try attributes.int("fmod", default: 0)
    guard fmod == 0 || fmod == 1 else {
      throw OperatorError.attribute("fmod", expected: "0 or 1", found: "\(fmod)")
    }
    truncates = fmod == 1
  }

  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    let remainder = Number.remainder(a, b)
    if truncates { return remainder }
    return remainder == 0
      ? Number.zero(signedAs: b)
      : (remainder < 0) != (b < 0) ? Number.sum(remainder, b) : remainder
  }
}

extension NumberElement {
  /// a − trunc(a / b) · b; 0 for an integer b = 0.
  @inline(__always)
  fileprivate static func remainder(_ a: Self, _ b: Self) -> Self {
    if isFloatingPoint { return Self(nearest: fmod(a.double, b.double)) }
    return b == 0 ? 0 : difference(a, product(quotient(a, b), b))
  }

  /// Zero, with the sign of `b` where the type has a negative zero.
  @inline(__always)
  fileprivate static func zero(signedAs b: Self) -> Self {
    isFloatingPoint && b < 0 ? Self(nearest: -0.0) : 0
  }
}
