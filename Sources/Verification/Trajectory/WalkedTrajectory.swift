import Diffusion
import Tensors

/// One trajectory of one sample, as a model walked it.
public struct WalkedTrajectory: Sendable {
  /// The sample's number.
  public let sample: Int
  /// How many steps it has.
  public let stepCount: Int
  /// Each step.
  public let steps: [TrajectoryStep]
  /// The inputs of the denoiser's graph at each step, under its condition.
  public let graphInputs: [[String: Tensor]]
  /// The image at the end; latents where the model has no decoder.
  public let image: Tensor
}
