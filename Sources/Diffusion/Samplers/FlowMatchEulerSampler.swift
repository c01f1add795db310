import Foundation
import Tensors

/// Euler's method on a rectified flow (Esser et al., 2024), as diffusers'
/// `FlowMatchEulerDiscreteScheduler`: x_σ = (1 − σ) x₀ + σ ε, the model predicts ε − x₀, and
/// x ← x + (σ' − σ) v̂.
///
/// Noise levels are shifted to s σ / (1 + (s − 1) σ); with `use_dynamic_shifting` by the size of the
/// image.
public struct FlowMatchEulerSampler: Sampler {
  private enum ShiftKind: String, CaseIterable {
    case exponential
    case linear
  }

  public let timesteps: [Float]
  private let sigmas: [Float]
  private let drawsNoise: Bool

  init(
    _ settings: SchedulerSettings, steps: Int, imageSequenceLength: Int?,
    levels kind: FlowLevels?
  ) throws(DiffusionError) {
    let count = try settings.int(
      "num_train_timesteps", default: 1000, in: 1...SchedulerConfiguration.maximumTimesteps)
    let isDynamic = try settings.bool("use_dynamic_shifting", default: false)
    let shift = try settings.double("shift", default: 1, in: 1e-6...1e6)
    let start = Self.levels(
      kind ?? (isDynamic ? .even : .trained), count, steps, shift: isDynamic ? 1 : shift)
    var levels =
      isDynamic
      ? try Self.shifted(start, settings, imageSequenceLength)
      : start.map { shift * $0 / (1 + (shift - 1) * $0) }
    if let terminal = try settings.optionalDouble("shift_terminal", in: 0...0.999),
      terminal != 0, let last = levels.last, last < 1
    {
      let scale = (1 - last) / (1 - terminal)
      levels = levels.map { 1 - (1 - $0) / scale }
    }
    let ends = try SigmaEnds(settings)
    levels =
      try SigmaSpacing(settings).sigmas(
        from: ends.largest ?? levels.first ?? 1, to: ends.smallest ?? levels.last ?? 0,
        count: steps) ?? levels
    let inverts = try settings.bool("invert_sigmas", default: false)
    let sigmas = levels.map { inverts ? 1 - Float($0) : Float($0) }
    timesteps = sigmas.map { $0 * Float(count) }
    self.sigmas = sigmas + [inverts ? 1 : 0]
    drawsNoise = try settings.bool("stochastic_sampling", default: false)
  }

  /// The levels before they are shifted, `steps` of them. Those of the training end at its own
  /// ends, which are shifted once already, in 32 bits.
  private static func levels(
    _ kind: FlowLevels, _ count: Int, _ steps: Int, shift: Double
  ) -> [Double] {
    if kind == .even {
      return TimestepGrid.evenly(from: 1, to: 1 / Double(steps), steps).map { Double(Float($0)) }
    }
    let lowest = Float(1) / Float(count)
    let first = Double(Float(shift) * 1 / (1 + Float(shift - 1) * 1)) * Double(count)
    let last = Double(Float(shift) * lowest / (1 + Float(shift - 1) * lowest)) * Double(count)
    return TimestepGrid.evenly(from: first, to: last, steps).map { $0 / Double(count) }
  }

  /// `levels` shifted by the size of the image.
  private static func shifted(
    _ levels: [Double], _ settings: SchedulerSettings, _ length: Int?
  ) throws(DiffusionError) -> [Double] {
    let kind = try settings.choice("time_shift_type", default: ShiftKind.exponential)
    let mu = try dynamicShift(settings, length)
    let factor = kind == .exponential ? exp(mu) : mu
    return levels.map { factor / (factor + (1 / $0 - 1)) }
  }

  /// μ, linear in the number of the image's tokens.
  private static func dynamicShift(
    _ settings: SchedulerSettings, _ length: Int?
  ) throws(DiffusionError) -> Double {
    let base = try settings.double("base_shift", default: 0.5, in: -100...100)
    let largest = try settings.double("max_shift", default: 1.15, in: -100...100)
    let low = try settings.int("base_image_seq_len", default: 256, in: 1...1 << 30)
    let high = try settings.int("max_image_seq_len", default: 4096, in: 1...1 << 30)
    guard let length, low != high else {
      throw .setting(
        name: "use_dynamic_shifting", expected: "the number of the image's tokens", found: "none")
    }
    let slope = (largest - base) / Double(high - low)
    return Double(length) * slope + (base - slope * Double(low))
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let (sigma, target) = (sigmas[state.step], sigmas[state.step + 1])
    let clean = try Elementwise.map(state.sample, state.prediction) { $0 - sigma * $1 }
    if drawsNoise {
      let noise = try generator.normals(clean.shape)
      let next = try Elementwise.map(clean, noise) { (1 - target) * $0 + target * $1 }
      return SamplerMove(cleanEstimate: clean, next: next)
    }
    let distance = target - sigma
    let next = try Elementwise.map(state.sample, state.prediction) { $0 + distance * $1 }
    return SamplerMove(cleanEstimate: clean, next: next)
  }
}
