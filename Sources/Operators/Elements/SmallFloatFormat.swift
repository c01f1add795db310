import Tensors

/// A floating-point format of at most 8 bits with a sign: fp8, fp6 and fp4 (OCP 8-bit floating
/// point, OCP microscaling formats; the `uz` forms after arXiv 2206.02915).
struct SmallFloatFormat: Sendable {
  /// What a format has beside finite numbers.
  enum Specials: Sendable {
    /// Infinities and NaNs at the highest exponent (E5M2).
    case infinitiesAndNaNs
    /// One NaN of each sign, all bits set (E4M3FN).
    case signedNaN
    /// One NaN in the place of negative zero (the `uz` forms).
    case onlyNaN
    /// Nothing (fp6, fp4).
    case none
  }

  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  let specials: Specials

  /// The format of `dtype`; nil for other types (also for `float8e8m0`, which has no sign).
  init?(_ dtype: DType) {
    switch dtype {
    case .float8e4m3fn: self.init(4, 3, bias: 7, .signedNaN)
    case .float8e4m3fnuz: self.init(4, 3, bias: 8, .onlyNaN)
    case .float8e5m2: self.init(5, 2, bias: 15, .infinitiesAndNaNs)
    case .float8e5m2fnuz: self.init(5, 2, bias: 16, .onlyNaN)
    case .float6e2m3: self.init(2, 3, bias: 1, .none)
    case .float6e3m2: self.init(3, 2, bias: 3, .none)
    case .float4e2m1: self.init(2, 1, bias: 1, .none)
    default: return nil
    }
  }

  private init(_ exponentBits: Int, _ mantissaBits: Int, bias: Int, _ specials: Specials) {
    self.exponentBits = exponentBits
    self.mantissaBits = mantissaBits
    self.bias = bias
    self.specials = specials
  }
}

extension SmallFloatFormat {
  /// The sign's bit.
  private var signBit: UInt8 { 1 << UInt8(exponentBits + mantissaBits) }

  /// All bits but the sign.
  private var magnitudeMask: UInt8 { signBit - 1 }

  /// The code of the greatest finite number.
  private var greatestCode: UInt8 {
    switch specials {
    case .infinitiesAndNaNs: magnitudeMask - (1 << UInt8(mantissaBits))
    case .signedNaN: magnitudeMask - 1
    case .onlyNaN, .none: magnitudeMask
    }
  }

  /// The number that `code` stands for.
  func decode(_ code: UInt8) -> Float {
    let isNegative = code & signBit != 0
    let magnitude = code & magnitudeMask
    switch specials {
    case .onlyNaN where isNegative && magnitude == 0: return .nan
    case .signedNaN where magnitude > greatestCode: return isNegative ? -.nan : .nan
    case .infinitiesAndNaNs where magnitude == greatestCode + 1:
      return isNegative ? -.infinity : .infinity
    case .infinitiesAndNaNs where magnitude > greatestCode: return isNegative ? -.nan : .nan
    default: break
    }
    let exponent = Int(magnitude) >> mantissaBits
    let fraction = Int(magnitude) & (1 << mantissaBits - 1)
    let significand = exponent == 0 ? fraction : fraction + 1 << mantissaBits
    let scale = Float(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
    return (isNegative ? -1 : 1) * Float(significand) * scale
  }

  /// The code nearest to `value`, halves to even. Beyond the greatest finite number: that number
  /// where `saturate`, else infinity or NaN, as the format has them. NaN gives NaN, or negative
  /// zero where the format has none.
  func encode(_ value: Double, saturate: Bool) -> UInt8 {
    let sign = value.sign == .minus ? signBit : 0
    guard !value.isNaN else { return encodeNaN(sign) }
    let magnitude = value.magnitude
    guard magnitude.isFinite else { return overflow(sign, saturate) }
    guard magnitude > 0 else { return specials == .onlyNaN ? 0 : sign }
    let exponent = max(Int(magnitude.exponent), 1 - bias)
    guard exponent <= 16 else { return overflow(sign, saturate) }
    let quantum = Double(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let steps = Int((magnitude / quantum).rounded(.toNearestOrEven))
    let implicit = 1 << mantissaBits
    let code = steps < implicit ? steps : (exponent + bias - 1) << mantissaBits + steps
    guard code <= Int(greatestCode) else { return overflow(sign, saturate) }
    return specials == .onlyNaN && code == 0 ? 0 : sign | UInt8(code)
  }

  private func encodeNaN(_ sign: UInt8) -> UInt8 {
    switch specials {
    case .infinitiesAndNaNs: sign | (greatestCode + 3)
    case .signedNaN: sign | magnitudeMask
    case .onlyNaN, .none: signBit
    }
  }

  private func overflow(_ sign: UInt8, _ saturate: Bool) -> UInt8 {
    if saturate || specials == .none { return sign | greatestCode }
    switch specials {
    case .infinitiesAndNaNs: return sign | (greatestCode + 1)
    case .signedNaN: return sign | magnitudeMask
    case .onlyNaN, .none: return signBit
    }
  }
}
