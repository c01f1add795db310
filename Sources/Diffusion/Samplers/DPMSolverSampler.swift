import Tensors

/// DPM-Solver and DPM-Solver++ with one to three steps of memory (Lu et al., 2022, arXiv 2206.00927
/// and 2211.01095), deterministic or with noise, as diffusers' `DPMSolverMultistepScheduler`; the
/// default is DPM-Solver++ (2M).
public struct DPMSolverSampler: Sampler {
  private static let fewSteps = 15
  public let timesteps: [Float]
  private let sigmas: [Float]
  private let prediction: Prediction
  private let options: DPMSolverOptions
  private let clipping: SampleClipping

  init(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ prediction: Prediction, steps: Int
  ) throws(DiffusionError) {
    self.prediction = prediction
    options = try DPMSolverOptions(settings)
    clipping = try SampleClipping(settings, clipsByDefault: nil)
    let grid = try DPMSolverGrid(settings, schedule, options, steps: steps)
    timesteps = grid.timesteps.map { Float($0) }
    sigmas = grid.sigmas.map { Float($0) } + [options.finalSigma.sigma(schedule)]
  }

  public func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    let place = options.place(sigmas[state.step])
    let clean = try clipping(cleanEstimate(state, place))
    let output = try options.algorithm.predictsNoise ? noise(state, place, clean) : clean
    let coefficients = DPMSolverCoefficients(
      options, order: order(state), sigmas: sigmas, step: state.step)
    var next = try combined(coefficients, state, output)
    if let weight = coefficients.noise {
      let noise = try generator.normals(state.sample.shape)
      next = try Elementwise.map(next, noise) { $0 + weight * $1 }
    }
    return SamplerMove(cleanEstimate: clean, next: next, remembered: output)
  }

  /// The order of a step: lower at the start, where little is remembered, and at the end.
  private func order(_ state: SamplerState) -> Int {
    let last = timesteps.count - 1
    let isShort = options.lowersFinalOrder && timesteps.count < Self.fewSteps
    if state.step == last,
      options.endsWithEuler || isShort || options.finalSigma == .zero
    {
      return 1
    }
    let order = min(options.order, state.history.count + 1)
    return state.step == last - 1 && isShort ? min(order, 2) : order
  }

  private func cleanEstimate(
    _ state: SamplerState, _ place: DPMSolverOptions.Place
  ) throws -> Tensor {
    guard options.usesFlow, prediction == .velocity else {
      return try prediction.cleanEstimate(
        of: state.sample, state.prediction, alpha: place.alpha, sigma: place.sigma)
    }
    return try Elementwise.map(state.sample, state.prediction) { $0 - place.sigma * $1 }
  }

  private func noise(
    _ state: SamplerState, _ place: DPMSolverOptions.Place, _ clean: Tensor
  ) throws -> Tensor {
    guard case .none = clipping else {
      return try Elementwise.map(state.sample, clean) { ($0 - place.alpha * $1) / place.sigma }
    }
    return try prediction.noise(
      in: state.sample, state.prediction, alpha: place.alpha, sigma: place.sigma)
  }

  /// a x + b D₀ + c D₁ + d D₂, summed in this order.
  private func combined(
    _ coefficients: DPMSolverCoefficients, _ state: SamplerState, _ output: Tensor
  ) throws -> Tensor {
    let (a, b) = (coefficients.sample, coefficients.terms[0])
    var next = try Elementwise.map(state.sample, output) { a * $0 + b * $1 }
    guard coefficients.terms.count > 1, let before = state.history.last else { return next }
    var first = try slope(output, before, coefficients.ratios[0])
    if coefficients.terms.count > 2, let older = state.history.dropLast().last {
      let (r0, r1) = (coefficients.ratios[0], coefficients.ratios[1])
      let change = try Elementwise.map(first, slope(before, older, r1)) { $0 - $1 }
      let (share, scale) = (r0 / (r0 + r1), 1 / (r0 + r1))
      let d = coefficients.terms[2]
      first = try Elementwise.map(first, change) { $0 + share * $1 }
      let c = coefficients.terms[1]
      next = try Elementwise.map(next, first) { $0 + c * $1 }
      return try Elementwise.map(next, change) { $0 + d * (scale * $1) }
    }
    let c = coefficients.terms[1]
    return try Elementwise.map(next, first) { $0 + c * $1 }
  }

  private func slope(_ newer: Tensor, _ older: Tensor, _ ratio: Float) throws -> Tensor {
    let scale = 1 / ratio
    return try Elementwise.map(newer, older) { scale * ($0 - $1) }
  }
}
