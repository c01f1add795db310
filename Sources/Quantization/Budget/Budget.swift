/// A bound that the choice of layers to keep in fp16 must hold to.
public enum Budget: Hashable, Sendable {
  /// The least mean PSNR of the outputs in dB, at the smallest size.
  case psnr(atLeast: Double)
  /// The largest share of the original's weights, at the least error.
  case size(atMost: Double)
  /// The largest share of layers in fp16, at the least error.
  case layers(atMost: Double)
}

extension Budget: CustomStringConvertible {
  /// As options and recipes have it: `psnr>=45`, `size<=40%`, `layers<=10%`.
  public var description: String {
    switch self {
    case .psnr(let decibels): "psnr>=\(Self.short(decibels))"
    case .size(let share): "size<=\(Self.short(share * 100))%"
    case .layers(let share): "layers<=\(Self.short(share * 100))%"
    }
  }

  private static func short(_ number: Double) -> String {
    let rounded = (number * 1e6).rounded() / 1e6
    return rounded == rounded.rounded() && abs(rounded) < 1e15
      ? "\(Int(rounded))" : "\(rounded)"
  }

  /// The budget of that text; nil for a text that means none.
  public init?(text: String) {
    func number(_ prefix: String, _ suffix: String) -> Double? {
      guard text.hasPrefix(prefix), text.hasSuffix(suffix) else { return nil }
      let digits = text.dropFirst(prefix.count).dropLast(suffix.count)
      guard let value = Double(digits), value.isFinite, value >= 0 else { return nil }
      return value
    }
    if let decibels = number("psnr>=", "") {
      self = .psnr(atLeast: decibels)
    } else if let percent = number("size<=", "%"), percent > 0 {
      self = .size(atMost: percent / 100)
    } else if let percent = number("layers<=", "%"), percent <= 100 {
      self = .layers(atMost: percent / 100)
    } else {
      return nil
    }
  }
}
