/// The embedding that conditions residual blocks, with its activation computed once.
struct TimeConditioning {
  /// `[N, size]`.
  let value: String
  /// The activation of `value`.
  let activated: String
  /// The extent of the last axis.
  let size: Int
}

/// How the time embedding enters a residual block.
enum TimeScaleShift: String, CaseIterable, Sendable {
  /// Added before the second normalisation.
  case add = "default"
  /// Scales and shifts after the second normalisation.
  case scaleShift = "scale_shift"
  /// Scales and shifts after both normalisations, which have no parameters of their own
  /// (diffusers `AdaGroupNorm`).
  case adaptiveGroups = "ada_group"
}
