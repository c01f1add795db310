import Tensors

/// One moment of a trajectory: what a sampler knows when it takes a step.
public struct SamplerState: Sendable {
  /// The number of the step, from 0.
  public var step: Int
  /// x, the noisy image before the step.
  public var sample: Tensor
  /// What the model predicted for it.
  public var prediction: Tensor
  /// What earlier steps asked to remember, oldest first; at most two.
  public var history: [Tensor]

  /// A moment.
  public init(step: Int, sample: Tensor, prediction: Tensor, history: [Tensor] = []) {
    self.step = step
    self.sample = sample
    self.prediction = prediction
    self.history = history
  }
}

/// What a step gives.
public struct SamplerMove: Sendable {
  /// x̂₀, the clean estimate, clipped where the scheduler asks for it.
  public var cleanEstimate: Tensor
  /// The image after the step; after the last one the result.
  public var next: Tensor
  /// What later steps need to know of this one.
  public var remembered: Tensor?

  /// A step's results.
  public init(cleanEstimate: Tensor, next: Tensor, remembered: Tensor? = nil) {
    self.cleanEstimate = cleanEstimate
    self.next = next
    self.remembered = remembered
  }
}

/// A way from noise to an image by asking a model at given timesteps.
public protocol Sampler: Sendable {
  /// The timesteps at which the model is asked, in order.
  var timesteps: [Float] { get }

  /// The factor by which standard normal noise becomes the first image.
  var initialNoiseScale: Float { get }

  /// What the model is shown of `sample` at step number `step`.
  func modelInput(_ sample: Tensor, at step: Int) throws -> Tensor

  /// Takes a step; fresh noise, where the sampler needs any, comes from `generator`.
  func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove
}

extension Sampler {
  public var initialNoiseScale: Float { 1 }

  public func modelInput(_ sample: Tensor, at step: Int) throws -> Tensor { sample }
}
