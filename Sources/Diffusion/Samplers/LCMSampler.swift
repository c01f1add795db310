import Tensors

/// Latent consistency sampling (Luo et al., 2023, algorithm 3), as diffusers' `LCMScheduler`: the
/// clean estimate c_out x̂₀ + c_skip x, re-noised with fresh noise to the next timestep.
public struct LCMSampler: Sampler {
  private static let sigmaData: Float = 0.5
  private let schedule: NoiseSchedule
  private let prediction: Prediction
  private let clipping: SampleClipping
  private let grid: [Int]
  private let timestepScaling: Float

  public var timesteps: [Float] { grid.map { Float($0) } }

  init(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ prediction: Prediction, steps: Int
  ) throws(DiffusionError) {
    self.schedule = schedule
    self.prediction = prediction
    clipping = try SampleClipping(settings, clipsByDefault: false)
    timestepScaling = Float(
      try settings.double("timestep_scaling", default: 10, in: 0...1e12))
    // Read for their types: they move nothing in this class.
    _ = try settings.choice("timestep_spacing", default: TimestepSpacing.leading)
    _ = try settings.int(
      "steps_offset", default: 0, in: 0...SchedulerConfiguration.maximumTimesteps)
    _ = try settings.bool("set_alpha_to_one", default: true)
    let original = try settings.int(
      "original_inference_steps", default: 50, in: 1...schedule.count)
    guard steps <= original else {
      throw .setting(
        name: "steps", expected: "1 to \(original), original_inference_steps", found: "\(steps)")
    }
    grid = Self.grid(steps, original: original, of: schedule.count)
    try schedule.check(grid, prediction)
  }

  /// Every ⌊T / original⌋-th timestep from the end, thinned out evenly.
  private static func grid(_ steps: Int, original: Int, of count: Int) -> [Int] {
    let stride = count / original
    let distance = Double(original) / Double(steps)
    return (0..<steps).map { index in
      let position = min(Int(Double(index) * distance), original - 1)
      return (original - position) * stride - 1
    }
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let timestep = grid[state.step]
    let estimate = try clipping(
      prediction.cleanEstimate(
        of: state.sample, state.prediction, alpha: schedule.alpha(at: timestep),
        sigma: schedule.sigma(at: timestep)))
    let scaled = Float(timestep) * timestepScaling
    let data = Self.sigmaData * Self.sigmaData
    let skip = data / (scaled * scaled + data)
    let out = scaled / (scaled * scaled + data).squareRoot()
    let clean = try Elementwise.map(estimate, state.sample) { out * $0 + skip * $1 }
    guard state.step + 1 < grid.count else { return SamplerMove(cleanEstimate: clean, next: clean) }
    let noise = try generator.normals(clean.shape)
    let next = try schedule.noised(clean, noise: noise, timestep: grid[state.step + 1])
    return SamplerMove(cleanEstimate: clean, next: next)
  }
}
