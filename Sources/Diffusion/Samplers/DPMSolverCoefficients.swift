import Foundation

/// The weights of one DPM-Solver step x' = a x + b D₀ + c D₁ + d D₂ (+ n noise), with h = λ' − λ,
/// D₀ the newest output, D₁ and D₂ its first and second differences in λ (arXiv 2211.01095,
/// equations 9 and 10, algorithm 2; for predicted noise arXiv 2206.00927, appendix B).
struct DPMSolverCoefficients {
  /// a.
  private(set) var sample: Float
  /// b, c and d, as many as the order.
  private(set) var terms: [Float]
  /// n; nil for deterministic solvers.
  private(set) var noise: Float?
  /// Earlier steps' lengths in λ over this one's, newest first.
  let ratios: [Float]

  init(_ options: DPMSolverOptions, order: Int, sigmas: [Float], step: Int) {
    let target = options.place(sigmas[step + 1])
    let source = options.place(sigmas[step])
    let h = target.lambda - source.lambda
    let lambdas = (0..<order).map { options.place(sigmas[step - $0]).lambda }
    ratios = zip(lambdas, lambdas.dropFirst()).map { ($0 - $1) / h }
    let isHeun = options.kind == .heun
    switch options.algorithm {
    case .data:
      let decay = exp(-h) - 1
      sample = target.sigma / source.sigma
      terms = [-(target.alpha * decay)]
      let second = target.alpha * (decay / h + 1)
      terms += Self.rest(order, isHeun, -0.5 * (target.alpha * decay), second) {
        -(target.alpha * ((decay + h) / (h * h) - 0.5))
      }
    case .noise:
      let growth = exp(h) - 1
      sample = target.alpha / source.alpha
      terms = [-(target.sigma * growth)]
      let second = -(target.sigma * (growth / h - 1))
      terms += Self.rest(order, isHeun, -0.5 * (target.sigma * growth), second) {
        -(target.sigma * ((growth - h) / (h * h) - 0.5))
      }
    case .stochasticData:
      let decay = 1 - exp(-2 * h)
      sample = target.sigma / source.sigma * exp(-h)
      terms = [target.alpha * decay]
      let second = target.alpha * (decay / (-2 * h) + 1)
      terms += Self.rest(order, isHeun, 0.5 * (target.alpha * decay), second) {
        target.alpha * ((decay - 2 * h) / (2 * h * (2 * h)) - 0.5)
      }
      noise = target.sigma * decay.squareRoot()
    case .stochasticNoise:
      let growth = exp(h) - 1
      sample = target.alpha / source.alpha
      terms = [-(2 * (target.sigma * growth))]
      let second = -(2 * (target.sigma * (growth / h - 1)))
      terms += Self.rest(order, isHeun, -(target.sigma * growth), second) { 0 }
      noise = target.sigma * (exp(2 * h) - 1).squareRoot()
    }
  }

  /// c, and d: a third-order step takes Heun's c.
  private static func rest(
    _ order: Int, _ isHeun: Bool, _ midpoint: Float, _ heun: Float, _ third: () -> Float
  ) -> [Float] {
    switch order {
    case 1: []
    case 2: [isHeun ? heun : midpoint]
    default: [heun, third()]
    }
  }
}
