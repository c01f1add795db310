import Foundation

/// Numbers as the tool prints them, the same in every locale.
public enum Quantities {
  /// A number of bytes with its unit: `5.51 MB`, `812 B` (1 MB is 10⁶ bytes).
  public static func bytes(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(significant(value, 3)) \(units[unit])"
  }

  /// A number with `digits` significant digits: `0.00123`, `45.6`, `1.2e-07`.
  public static func significant(_ value: Double, _ digits: Int) -> String {
    if value.isInfinite { return value > 0 ? "inf" : "-inf" }
    guard value.isFinite else { return "nan" }
    guard value != 0 else { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    if exponent < -4 || exponent > 9 { return String(format: "%.\(digits - 1)e", value) }
    return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
  }

  /// A number with `digits` decimals: `12.35`.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// A part (0 … 1) as a percentage: `26.1%`.
  public static func share(_ part: Double) -> String { String(format: "%.1f%%", 100 * part) }

  /// A ratio as a percentage: `26.1%`.
  public static func percent(_ part: Int, of whole: Int) -> String {
    whole > 0 ? String(format: "%.1f%%", 100 * Double(part) / Double(whole)) : "–"
  }

  /// Decibels: `42.03 dB`.
  public static func decibels(_ value: Double) -> String {
    value.isFinite ? String(format: "%.2f dB", value) : (value > 0 ? "inf dB" : "-inf dB")
  }
}
