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
    let denoiser = EvaluatedDenoiser(base: try SessionDenoiser(session), evaluate: evaluate)
    let row = Conditioning(conditioning.mapValues { $0.row(index) })
    let image = try Trajectory(sampler: sampler, denoiser: denoiser, conditioning: row)
      .walk(from: noise, using: &generator)
    return ["image": image]
  }
}

/// A denoiser that runs its graph by way of a closure, which knows the number of the evaluation.
private final class EvaluatedDenoiser: Denoiser {
  private let base: SessionDenoiser
  private let evaluate: ([String: Tensor], Int) throws -> [String: Tensor]
  private var step = 0

  init(
    base: SessionDenoiser, evaluate: @escaping ([String: Tensor], Int) throws -> [String: Tensor]
  ) {
    self.base = base
    self.evaluate = evaluate
  }

  func predict(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> Tensor {
    let inputs = try base.graphInputs(sample, timestep: timestep, conditioning: conditioning)
    let outputs = try evaluate(inputs, step)
    step += 1
    guard let prediction = outputs[base.output.name] else {
      throw DiffusionError.graph(
        name: "denoiser", expected: base.output.name, found: outputs.keys.sorted())
    }
    return try prediction.converted(to: .float32)
  }
}
