import Tensors

/// Classifier-free guidance (Ho and Salimans, 2022, equation 6 in the form of diffusers):
/// ε(∅) + w (ε(c) − ε(∅)).
public struct GuidedDenoiser: Denoiser {
  private let base: any Denoiser
  private let unconditional: Conditioning
  private let scale: Float

  /// Guides `base` by `scale` = w away from what it predicts under `unconditional`; with w = 1 that
  /// is not asked for.
  public init(_ base: any Denoiser, unconditional: Conditioning, scale: Float) {
    self.base = base
    self.unconditional = unconditional
    self.scale = scale
  }

  public func predict(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> Tensor {
    let conditioned = try base.predict(sample, timestep: timestep, conditioning: conditioning)
    guard scale != 1 else { return conditioned }
    let free = try base.predict(sample, timestep: timestep, conditioning: unconditional)
    return try Elementwise.map(free, conditioned) { free, guided in free + scale * (guided - free) }
  }
}
