import Tensors

/// One step of a trajectory, as it was taken.
public struct TrajectoryStep: Sendable {
  /// The number of the step, from 0.
  public let index: Int
  /// The timestep at which the model was asked.
  public let timestep: Float
  /// x_t, the noisy image before the step.
  public let sample: Tensor
  /// What the model was shown: `sample`, scaled where the sampler scales it.
  public let modelInput: Tensor
  /// What the model predicted.
  public let prediction: Tensor
  /// x̂₀, the clean estimate.
  public let cleanEstimate: Tensor
  /// The image after the step.
  public let next: Tensor
}

/// A denoiser walked from noise to an image by a sampler.
public struct Trajectory {
  /// How many results of earlier steps a sampler is given.
  public static let remembered = 2
  private let sampler: any Sampler
  private let denoiser: any Denoiser
  private let conditioning: Conditioning

  /// A walk of `denoiser` by `sampler` under `conditioning`.
  public init(
    sampler: any Sampler, denoiser: any Denoiser, conditioning: Conditioning = Conditioning()
  ) {
    self.sampler = sampler
    self.denoiser = denoiser
    self.conditioning = conditioning
  }

  /// Walks.
  ///
  /// - Parameters:
  ///   - noise: standard normal noise, float32, `[N, C, H, W]` or as the model takes it.
  ///   - generator: gives fresh noise where the sampler needs any.
  ///   - observe: is told of every step, once it is taken.
  /// - Returns: the image after the last step: latents where the model works on latents.
  /// - Throws: `DiffusionError`, what the denoiser throws, what `observe` throws.
  public func walk(
    from noise: Tensor, using generator: inout TorchGenerator,
    observe: (TrajectoryStep) throws -> Void = { _ in }
  ) throws -> Tensor {
    let scale = sampler.initialNoiseScale
    var sample = scale == 1 ? noise : try Elementwise.map(noise) { $0 * scale }
    var history: [Tensor] = []
    for (index, timestep) in sampler.timesteps.enumerated() {
      let input = try sampler.modelInput(sample, at: index)
      let prediction = try denoiser.predict(input, timestep: timestep, conditioning: conditioning)
      let state = SamplerState(
        step: index, sample: sample, prediction: prediction, history: history)
      let move = try sampler.advance(state, using: &generator)
      try observe(
        TrajectoryStep(
          index: index, timestep: timestep, sample: sample, modelInput: input,
          prediction: prediction, cleanEstimate: move.cleanEstimate, next: move.next))
      if let remembered = move.remembered {
        history = (history + [remembered]).suffix(Self.remembered)
      }
      sample = move.next
    }
    return sample
  }
}
