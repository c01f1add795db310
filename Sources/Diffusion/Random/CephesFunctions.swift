/// Logarithm, sine and cosine by the polynomials of the Cephes library (Moshier, 1992: `logf`,
/// `sinf`, `cosf`), rounded where PyTorch's AVX2 code rounds: its compiler joins products and sums
/// into fused multiply-adds. Every operation is exact to IEEE 754, so the bits are the same on every
/// machine.
enum CephesFunctions {
  private static let logarithm: [Float] = [
    7.0376836292E-2, -1.1514610310E-1, 1.1676998740E-1, -1.2420140846E-1, 1.4249322787E-1,
    -1.6668057665E-1, 2.0000714765E-1, -2.4999993993E-1, 3.3333331174E-1,
  ]
  private static let sine: [Float] = [-1.9515295891E-4, 8.3321608736E-3, -1.6666654611E-1]
  private static let cosine: [Float] = [
    2.443315711809948E-5, -1.388731625493765E-3, 4.166664568298827E-2,
  ]

  /// The natural logarithm of a positive normal number.
  static func log(_ x: Float) -> Float {
    let bits = x.bitPattern
    var exponent = Float(Int32(bits >> 23) - 126)
    var m = Float(bitPattern: bits & 0x007F_FFFF | 0x3F00_0000)
    if m < 0.707106781186547524 {
      exponent -= 1
      m = (m - 1) + m
    } else {
      m -= 1
    }
    let square = m * m
    let series = fused(polynomial(logarithm, m) * m, square, exponent * -2.12194440E-4)
    return fused(exponent, 0.693359375, m + fused(square, -0.5, series))
  }

  /// Sine and cosine of an angle of 0 ... 8192.
  static func sineAndCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
    let octant = (Int32(angle * 1.27323954473516) + 1) & ~1
    let turns = Float(octant)
    var x = fused(turns, -0.78515625, angle)
    x = fused(turns, -2.4187564849853515625E-4, x)
    x = fused(turns, -3.77489497744594108E-8, x)
    let square = x * x
    let even = fused(polynomial(cosine, square) * square, square, -(square * 0.5)) + 1
    let odd = fused(polynomial(sine, square) * square, x, x)
    let isSwapped = octant & 2 != 0
    let (s, c) = isSwapped ? (even, odd) : (odd, even)
    return (octant & 4 != 0 ? -s : s, ~(octant - 2) & 4 != 0 ? -c : c)
  }

  private static func polynomial(_ coefficients: [Float], _ x: Float) -> Float {
    var value = coefficients[0]
    for coefficient in coefficients.dropFirst() { value = fused(value, x, coefficient) }
    return value
  }

  /// a · b + c, rounded once.
  private static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }
}
