/// bfloat16: the upper half of a Float's bits.
enum BFloat16 {
  /// The number that `bits` stands for.
  @inline(__always)
  static func decode(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The bits nearest to `value`, halves to even; NaN stays NaN.
  @inline(__always)
  static func encode(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    return UInt16(truncatingIfNeeded: value != value ? bits >> 16 | 0x40 : rounded)
  }

  /// As `encode(_:)` in one rounding.
  static func encode(_ value: Double) -> UInt16 {
    let nearest = Float(value)
    guard nearest.isFinite, Double(nearest) != value else { return encode(nearest) }
    // Round to odd first, so that the second rounding cannot see a false half.
    let towardZero = Double(nearest.magnitude) > value.magnitude ? shrunk(nearest) : nearest
    return encode(Float(bitPattern: towardZero.bitPattern | 1))
  }

  private static func shrunk(_ value: Float) -> Float {
    Float(bitPattern: value.bitPattern - 1)
  }
}
