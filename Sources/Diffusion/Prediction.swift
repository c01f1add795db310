import Tensors

/// What a denoiser predicts. With x = α x₀ + σ ε (α² + σ² = 1), the conversions are those of
/// `shared/IMAGINE_FLASH.md` and of diffusers' schedulers:
///
/// | prediction | clean estimate x̂₀ | noise ε̂ |
/// |---|---|---|
/// | epsilon | (x − σ ε̂) / α | ε̂ |
/// | sample | x̂₀ | (x − α x̂₀) / σ |
/// | velocity, v = α ε − σ x₀ | α x − σ v̂ | α v̂ + σ x |
public enum Prediction: String, CaseIterable, Sendable {
  /// The noise ε.
  case epsilon
  /// The clean image x₀.
  case sample
  /// v = α ε − σ x₀ (Salimans and Ho, 2022).
  case velocity = "v_prediction"
}

extension Prediction {
  /// The clean estimate x̂₀ of `x`.
  ///
  /// - Parameters:
  ///   - x: the noisy image, any shape.
  ///   - output: the denoiser's prediction, of the same shape.
  ///   - alpha: the signal's weight; for `.epsilon` above 0.
  ///   - sigma: the noise's weight.
  /// - Throws: `DiffusionError.shape`, `.type`.
  public func cleanEstimate(
    of x: Tensor, _ output: Tensor, alpha: Float, sigma: Float
  ) throws -> Tensor {
    switch self {
    case .epsilon: try Elementwise.map(x, output) { x, e in (x - sigma * e) / alpha }
    case .sample: try Elementwise.map(x, output) { _, clean in clean }
    case .velocity: try Elementwise.map(x, output) { x, v in alpha * x - sigma * v }
    }
  }

  /// The noise ε̂ in `x`; as `cleanEstimate(of:_:alpha:sigma:)`, `sigma` above 0 for `.sample`.
  public func noise(
    in x: Tensor, _ output: Tensor, alpha: Float, sigma: Float
  ) throws -> Tensor {
    switch self {
    case .epsilon: try Elementwise.map(x, output) { _, e in e }
    case .sample: try Elementwise.map(x, output) { x, clean in (x - alpha * clean) / sigma }
    case .velocity: try Elementwise.map(x, output) { x, v in alpha * v + sigma * x }
    }
  }
}
