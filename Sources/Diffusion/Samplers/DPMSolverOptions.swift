import Foundation

/// The settings of DPM-Solver.
struct DPMSolverOptions: Sendable {
  enum Algorithm: String, CaseIterable {
    case noise = "dpmsolver"
    case data = "dpmsolver++"
    case stochasticNoise = "sde-dpmsolver"
    case stochasticData = "sde-dpmsolver++"

    /// Whether the solver works on predictions of the noise, as against the clean image.
    var predictsNoise: Bool { self == .noise || self == .stochasticNoise }
  }
  enum Kind: String, CaseIterable {
    case midpoint
    case heun
  }
  /// A moment on the way: the weights of signal and noise, and λ = log α − log σ.
  struct Place {
    let alpha: Float
    let sigma: Float
    let lambda: Float
  }

  let order: Int
  let algorithm: Algorithm
  let kind: Kind
  let lowersFinalOrder: Bool
  let endsWithEuler: Bool
  let usesFlow: Bool
  let flowShift: Double
  let finalSigma: FinalSigma

  init(_ settings: SchedulerSettings) throws(DiffusionError) {
    order = try settings.int("solver_order", default: 2, in: 1...3)
    // Other solvers' names, which diffusers reads as these.
    algorithm =
      settings.raw("algorithm_type")?.string == "deis"
      ? .data : try settings.choice("algorithm_type", default: .data)
    kind =
      ["logrho", "bh1", "bh2"].contains(settings.raw("solver_type")?.string)
      ? .midpoint : try settings.choice("solver_type", default: .midpoint)
    lowersFinalOrder = try settings.bool("lower_order_final", default: true)
    endsWithEuler = try settings.bool("euler_at_final", default: false)
    usesFlow = try settings.bool("use_flow_sigmas", default: false)
    flowShift = try settings.double("flow_shift", default: 1, in: 1e-6...1e6)
    finalSigma = try FinalSigma(settings)
    try settings.refuse("variance_type", supported: "null")
    try settings.refuse("use_dynamic_shifting", supported: "false")
    try check(settings)
  }

  private func check(_ settings: SchedulerSettings) throws(DiffusionError) {
    if algorithm.predictsNoise, finalSigma == .zero {
      throw .key(
        file: settings.file, key: "final_sigmas_type",
        expected: "sigma_min with algorithm_type \(algorithm.rawValue)", found: "zero")
    }
    if algorithm == .stochasticNoise, order > 2 {
      throw .unsupported(
        file: settings.file, what: "solver_order with \(algorithm.rawValue)", found: "\(order)",
        supported: ["1", "2"])
    }
    if settings.raw("prediction_type")?.string == "flow_prediction",
      !usesFlow || algorithm.predictsNoise
    {
      throw .key(
        file: settings.file, key: "prediction_type",
        expected: "use_flow_sigmas and dpmsolver++ with flow_prediction", found: "others")
    }
  }

  /// The moment of noise ratio `sigma`; for flows `sigma` is the noise's weight itself.
  func place(_ sigma: Float) -> Place {
    let alpha = usesFlow ? 1 - sigma : 1 / (sigma * sigma + 1).squareRoot()
    let weight = usesFlow ? sigma : sigma * alpha
    return Place(
      alpha: alpha, sigma: weight, lambda: Foundation.log(alpha) - Foundation.log(weight))
  }
}
