import Tensors

/// Deterministic DDIM (Song et al., 2021, equation 12 with η = 0), as diffusers' `DDIMScheduler`:
/// x_s = √ᾱ_s x̂₀ + √(1 − ᾱ_s) ε̂ with s = t − ⌊T / N⌋.
public struct DDIMSampler: Sampler {
  private let schedule: NoiseSchedule
  private let prediction: Prediction
  private let clipping: SampleClipping
  private let grid: [Int]
  private let stride: Int
  private let finalAlphaCumprod: Float

  public var timesteps: [Float] { grid.map { Float($0) } }

  init(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ prediction: Prediction, steps: Int
  ) throws(DiffusionError) {
    self.schedule = schedule
    self.prediction = prediction
    clipping = try SampleClipping(settings, clipsByDefault: true)
    stride = schedule.count / steps
    let offset = try settings.int(
      "steps_offset", default: 0, in: 0...SchedulerConfiguration.maximumTimesteps)
    switch try settings.choice("timestep_spacing", default: TimestepSpacing.leading) {
    case .linspace:
      grid = TimestepGrid.linspace(steps, of: schedule.count).map(TimestepGrid.rounded)
    case .leading: grid = TimestepGrid.leading(steps, of: schedule.count, offset: offset)
    case .trailing: grid = TimestepGrid.trailing(steps, of: schedule.count)
    }
    finalAlphaCumprod =
      try settings.bool("set_alpha_to_one", default: true) ? 1 : schedule.alphasCumprod[0]
    try schedule.check(grid, prediction)
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let timestep = grid[state.step]
    let alpha = try schedule.alpha(at: timestep)
    let sigma = try schedule.sigma(at: timestep)
    let previous = timestep - stride
    let target = previous >= 0 ? try schedule.alphaCumprod(at: previous) : finalAlphaCumprod
    let clean = try clipping(
      prediction.cleanEstimate(of: state.sample, state.prediction, alpha: alpha, sigma: sigma))
    let noise = try prediction.noise(in: state.sample, state.prediction, alpha: alpha, sigma: sigma)
    let (signal, rest) = (target.squareRoot(), (1 - target).squareRoot())
    let next = try Elementwise.map(clean, noise) { signal * $0 + rest * $1 }
    return SamplerMove(cleanEstimate: clean, next: next)
  }
}

extension NoiseSchedule {
  /// Checks that every timestep of `grid` is one of the schedule, and that the noise says something
  /// about the image where noise is predicted.
  ///
  /// - Throws: `DiffusionError.timestep`, `.noSignal`.
  func check(_ grid: [Int], _ prediction: Prediction) throws(DiffusionError) {
    for timestep in grid {
      let alpha = try alphaCumprod(at: timestep)
      if prediction == .epsilon, alpha == 0 { throw .noSignal(timestep: timestep) }
    }
  }
}
