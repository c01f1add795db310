/// How a scheduler of diffusers spreads its steps over the training timesteps (Lin et al., 2023,
/// table 2).
public enum TimestepSpacing: String, CaseIterable, Sendable {
  /// From 0 in equal strides.
  case leading
  /// From the last timestep in equal strides.
  case trailing
  /// Both ends included.
  case linspace
}
