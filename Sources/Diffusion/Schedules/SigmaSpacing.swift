import Foundation

/// How samplers that work on noise ratios σ = √((1 − ᾱ) / ᾱ) choose them.
enum SigmaSpacing: Sendable {
  /// Those of the timesteps, between whole ones interpolated.
  case timesteps
  /// (σmax^{1/ρ} + u (σmin^{1/ρ} − σmax^{1/ρ}))^ρ, ρ = 7 (Karras et al., 2022, equation 5).
  case karras
  /// Evenly in log σ.
  case exponential
  /// At the quantiles of the Beta(0.6, 0.6) distribution (Lee et al., 2024).
  case beta

  /// The spacing that a configuration asks for.
  init(_ settings: SchedulerSettings) throws(DiffusionError) {
    var chosen: [SigmaSpacing] = []
    if try settings.bool("use_karras_sigmas", default: false) { chosen.append(.karras) }
    if try settings.bool("use_exponential_sigmas", default: false) { chosen.append(.exponential) }
    if try settings.bool("use_beta_sigmas", default: false) { chosen.append(.beta) }
    guard chosen.count <= 1 else {
      throw .key(
        file: settings.file, key: "use_karras_sigmas",
        expected: "one of Karras, exponential and beta sigmas", found: "\(chosen.count)")
    }
    self = chosen.first ?? .timesteps
  }

  /// `count` noise ratios from `largest` down to `smallest`; nil for `.timesteps`, which has its own.
  func sigmas(from largest: Double, to smallest: Double, count: Int) -> [Double]? {
    switch self {
    case .timesteps: return nil
    case .karras:
      let (low, high) = (pow(smallest, 1 / 7.0), pow(largest, 1 / 7.0))
      return TimestepGrid.evenly(from: 0, to: 1, count).map { pow(high + $0 * (low - high), 7) }
    case .exponential:
      return TimestepGrid.evenly(from: log(largest), to: log(smallest), count).map { exp($0) }
    case .beta:
      let distribution = BetaDistribution(alpha: 0.6, beta: 0.6)
      return TimestepGrid.evenly(from: 0, to: 1, count).map { u in
        smallest + distribution.quantile(1 - u) * (largest - smallest)
      }
    }
  }
}

/// A schedule's noise ratios by timestep, ascending.
struct SigmaTable: Sendable {
  let sigmas: [Float]
  let logarithms: [Float]

  init(_ schedule: NoiseSchedule) {
    sigmas = schedule.noiseRatios
    logarithms = sigmas.map { Foundation.log($0) }
  }

  /// σ at `timestep`, interpolated between whole ones and constant beyond both ends
  /// (`numpy.interp`).
  func sigma(at timestep: Double) -> Double {
    let last = sigmas.count - 1
    if timestep <= 0 { return Double(sigmas[0]) }
    if timestep >= Double(last) { return Double(sigmas[last]) }
    let low = Int(timestep)
    let (left, right) = (Double(sigmas[low]), Double(sigmas[low + 1]))
    return (right - left) * (timestep - Double(low)) + left
  }

  /// The timestep, perhaps between whole ones, whose σ is `sigma`: linear in log σ.
  func timestep(of sigma: Double) -> Double {
    let target = Foundation.log(max(sigma, 1e-10))
    let index = logarithms.lastIndex { target >= Double($0) } ?? 0
    let low = min(index, max(logarithms.count - 2, 0))
    let high = min(low + 1, logarithms.count - 1)
    let (left, right) = (Double(logarithms[low]), Double(logarithms[high]))
    guard left != right else { return Double(low) }
    let weight = min(max((left - target) / (left - right), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(high)
  }
}
