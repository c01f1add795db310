/// How weights become integers.
public enum WeightRounding: String, CaseIterable, Hashable, Sendable {
  /// Each element to the nearest.
  case nearest
  /// Column after column, each made up for the errors of those before (GPTQ, LDLQ); needs
  /// calibration.
  case secondOrder = "second-order"
}

/// How the conversion of weights uses what calibration found.
struct RoundingSettings: Sendable {
  /// How elements become integers.
  var rounding: WeightRounding
  /// How the range of a scale is chosen: `minMax` or `meanSquare`.
  var range: RangeMethod

  /// Nearest integers over the whole range.
  static let plain = RoundingSettings(rounding: .nearest, range: .minMax)
}
