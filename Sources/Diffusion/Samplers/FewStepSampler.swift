import Tensors

/// Imagine Flash's sampler of one to a few steps (arXiv 2405.05224, section 3.3): deterministic DDIM
/// steps over the student's own grid, whose last step returns the clean estimate; *noise correction*
/// takes the true initial noise for the predicted one in the first step:
///
///     x_{τ₂} = α_{τ₂} x̂₀(x_T, T) + σ_{τ₂} ε          ε = x_T
///     x_{τᵢ₊₁} = α_{τᵢ₊₁} x̂₀ + σ_{τᵢ₊₁} ε̂            i > 1
///
/// The grid is τ_i = round((T − 1)(N − i + 1) / N), i = 1 … N, halves to even, which the paper does not
/// give; or any descending timesteps. Correction changes nothing with one step, nor where α_T = 0.
public struct FewStepSampler: Sampler {
  /// The schedule.
  public let schedule: NoiseSchedule
  /// What the model predicts.
  public let prediction: Prediction
  /// Whether the first step uses the true noise.
  public let correctsNoise: Bool
  /// The grid τ₁ > τ₂ > … as training timesteps.
  public let grid: [Int]

  public var timesteps: [Float] { grid.map { Float($0) } }

  /// A sampler of `steps` steps, 1 … T − 1 of the schedule.
  ///
  /// - Throws: `DiffusionError.setting`, `.noSignal` where noise is predicted and α is 0.
  public init(
    _ schedule: NoiseSchedule, _ prediction: Prediction, steps: Int, correctsNoise: Bool = true
  ) throws(DiffusionError) {
    guard steps >= 1, steps == 1 || steps < schedule.count else {
      throw .setting(
        name: "steps", expected: "1 to \(max(1, schedule.count - 1))", found: "\(steps)")
    }
    try self.init(
      schedule, prediction, grid: TimestepGrid.fewStep(steps, of: schedule.count),
      correctsNoise: correctsNoise)
  }

  /// A sampler over the timesteps of `grid`, which descend and lie in 0 ..< T.
  ///
  /// - Throws: `DiffusionError.setting`, `.timestep`, `.noSignal`.
  public init(
    _ schedule: NoiseSchedule, _ prediction: Prediction, grid: [Int], correctsNoise: Bool = true
  ) throws(DiffusionError) {
    guard !grid.isEmpty, zip(grid, grid.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw .setting(
        name: "timesteps", expected: "descending timesteps", found: "\(grid.prefix(20))")
    }
    try schedule.check(grid, prediction)
    self.schedule = schedule
    self.prediction = prediction
    self.grid = grid
    self.correctsNoise = correctsNoise
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let alpha = try schedule.alpha(at: grid[state.step])
    let sigma = try schedule.sigma(at: grid[state.step])
    let clean = try prediction.cleanEstimate(
      of: state.sample, state.prediction, alpha: alpha, sigma: sigma)
    guard state.step + 1 < grid.count else { return SamplerMove(cleanEstimate: clean, next: clean) }
    let noise =
      correctsNoise && state.step == 0
      ? state.sample
      : try prediction.noise(in: state.sample, state.prediction, alpha: alpha, sigma: sigma)
    let next = try schedule.noised(clean, noise: noise, timestep: grid[state.step + 1])
    return SamplerMove(cleanEstimate: clean, next: next)
  }
}
