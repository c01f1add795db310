import Foundation
import Tensors

/// Euler's method on the probability flow (Karras et al., 2022, algorithm 1 without churn), as
/// diffusers' `EulerDiscreteScheduler`: images are x₀ + σ ε, and x ← x + (x − x̂₀) / σ · (σ' − σ).
public struct EulerSampler: Sampler {
  private enum Interpolation: String, CaseIterable {
    case linear
    case logLinear = "log_linear"
  }
  private enum TimestepKind: String, CaseIterable {
    case discrete
    case continuous
  }

  public let timesteps: [Float]
  public let initialNoiseScale: Float
  private let sigmas: [Float]
  private let prediction: Prediction

  init(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ prediction: Prediction, steps: Int
  ) throws(DiffusionError) {
    self.prediction = prediction
    let table = SigmaTable(schedule)
    let spacing = try settings.choice("timestep_spacing", default: TimestepSpacing.linspace)
    var times = try Self.timesteps(settings, spacing, steps, of: schedule.count)
    var sigmas = try Self.sigmas(settings, times, table)
    let ends = try SigmaEnds(settings)
    if let spaced = try SigmaSpacing(settings).sigmas(
      from: ends.largest ?? sigmas.first ?? 0, to: ends.smallest ?? sigmas.last ?? 0, count: steps)
    {
      sigmas = spaced
      times = spaced.map { table.timestep(of: $0) }
    }
    let last = try FinalSigma(settings).sigma(schedule)
    self.sigmas = sigmas.map { Float($0) } + [last]
    let largest = self.sigmas.max() ?? 0
    initialNoiseScale = spacing == .leading ? (largest * largest + 1).squareRoot() : largest
    let kind = try settings.choice("timestep_type", default: TimestepKind.discrete)
    timesteps =
      kind == .continuous && prediction == .velocity
      ? self.sigmas.dropLast().map { 0.25 * Foundation.log($0) } : times.map { Float($0) }
  }

  private static func timesteps(
    _ settings: SchedulerSettings, _ spacing: TimestepSpacing, _ steps: Int, of count: Int
  ) throws(DiffusionError) -> [Double] {
    let offset = try settings.int(
      "steps_offset", default: 0, in: 0...SchedulerConfiguration.maximumTimesteps)
    return switch spacing {
    case .linspace: TimestepGrid.linspace(steps, of: count).map { Double(Float($0)) }
    case .leading: TimestepGrid.leading(steps, of: count, offset: offset).map { Double($0) }
    case .trailing: TimestepGrid.trailing(steps, of: count).map { Double($0) }
    }
  }

  private static func sigmas(
    _ settings: SchedulerSettings, _ times: [Double], _ table: SigmaTable
  ) throws(DiffusionError) -> [Double] {
    switch try settings.choice("interpolation_type", default: Interpolation.linear) {
    case .linear: return times.map { table.sigma(at: $0) }
    case .logLinear:
      let (first, last) = (table.logarithms.first ?? 0, table.logarithms.last ?? 0)
      return TimestepGrid.evenly(from: Double(last), to: Double(first), times.count + 1)
        .map { Double(Foundation.exp(Float($0))) }
    }
  }

  public func modelInput(_ sample: Tensor, at step: Int) throws -> Tensor {
    let scale = (sigmas[step] * sigmas[step] + 1).squareRoot()
    return try Elementwise.map(sample) { $0 / scale }
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let sigma = sigmas[state.step]
    let clean = try cleanEstimate(state, sigma)
    let distance = sigmas[state.step + 1] - sigma
    let next = try Elementwise.map(state.sample, clean) { x, clean in
      x + (x - clean) / sigma * distance
    }
    return SamplerMove(cleanEstimate: clean, next: next)
  }

  private func cleanEstimate(_ state: SamplerState, _ sigma: Float) throws -> Tensor {
    switch prediction {
    case .epsilon: return try Elementwise.map(state.sample, state.prediction) { $0 - sigma * $1 }
    case .sample: return state.prediction
    case .velocity:
      let square = sigma * sigma + 1
      let weight = -sigma / square.squareRoot()
      return try Elementwise.map(state.sample, state.prediction) { $1 * weight + $0 / square }
    }
  }
}

/// The largest and smallest noise ratio, where a configuration gives them.
struct SigmaEnds {
  let largest: Double?
  let smallest: Double?

  init(_ settings: SchedulerSettings) throws(DiffusionError) {
    largest = try settings.optionalDouble("sigma_max", in: 1e-12...1e12)
    smallest = try settings.optionalDouble("sigma_min", in: 1e-12...1e12)
  }
}

/// The noise ratio that a sampler ends at.
enum FinalSigma: String, CaseIterable {
  case zero
  case smallest = "sigma_min"

  init(_ settings: SchedulerSettings) throws(DiffusionError) {
    self = try settings.choice("final_sigmas_type", default: .zero)
  }

  func sigma(_ schedule: NoiseSchedule) -> Float {
    self == .zero ? 0 : schedule.noiseRatios[0]
  }
}
