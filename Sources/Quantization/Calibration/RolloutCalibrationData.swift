import Diffusion
import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// A model's own trajectory from pure noise: every sample is walked through all steps, so that each
/// step weighs the same.
///
/// The noise of sample k is `TorchGenerator(seed: seed + k)`'s. What the model takes beside the noisy
/// image and the time comes from `conditioning`, one row a sample in turn.
public struct RolloutCalibrationData: CalibrationData {
  public let sampleCount: Int
  private let sampler: any Sampler
  private let shape: Shape
  private let conditioning: [String: Tensor]
  private let seed: UInt64

  /// Trajectories of `sampler` from noise of `shape` `[1, C, H, W]`.
  public init(
    sampler: any Sampler, shape: Shape, conditioning: [String: Tensor], sampleCount: Int,
    seed: UInt64
  ) {
    self.sampler = sampler
    self.shape = shape
    self.conditioning = conditioning
    self.sampleCount = sampleCount
    self.seed = seed
  }

  public var timesteps: [Float] { sampler.timesteps }

  public func run(
    _ index: Int, on session: Session,
    evaluate: @escaping (_ inputs: [String: Tensor], _ step: Int) throws -> [String: Tensor]
  ) throws -> [String: Tensor] {
    var generator = TorchGenerator(seed: seed &+ UInt64(index))
    let noise = try generator.normals(shape)
    var step = 0
    let denoiser = try SessionDenoiser.ofImages(
      session,
      run: { inputs in
        defer { step += 1 }
        return try evaluate(inputs, step)
      })
    let row = Conditioning(
      Dictionary(
        uniqueKeysWithValues: conditioning.map { name, tensor in
          (name, SessionDenoiser.sharedNames.contains(name) ? tensor : tensor.row(index))
        }))
    let image = try Trajectory(sampler: sampler, denoiser: denoiser, conditioning: row)
      .walk(from: noise, using: &generator)
    return ["image": image]
  }
}
