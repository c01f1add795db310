import Diffusion
import Tensors

/// Walks trajectories of one model: sample k begins with the noise of PyTorch's generator seeded
/// with seed + k, so that two models that are compared begin alike.
public struct TrajectoryRunner {
  /// The condition of a sample, and that of none for guidance.
  public typealias Conditions = (_ sample: Int) throws -> (given: Conditioning, none: Conditioning)

  private let model: GenerationModel
  private let samplers: [any Sampler]
  private let guidance: Float
  private let conditions: Conditions
  private let decoder: LatentDecoder?
  private let progress: (String) -> Void

  /// - Parameters:
  ///   - model: the model.
  ///   - samplers: one for each number of steps.
  ///   - guidance: the guidance scale; 1 for none.
  ///   - conditions: the condition of each sample.
  ///   - decoder: decodes latents; the model's own where it has one.
  ///   - progress: is told what is being done.
  public init(
    model: GenerationModel, samplers: [any Sampler], guidance: Float = 1,
    conditions: @escaping Conditions, decoder: LatentDecoder? = nil,
    progress: @escaping (String) -> Void = { _ in }
  ) {
    self.model = model
    self.samplers = samplers
    self.guidance = guidance
    self.conditions = conditions
    self.decoder = model.decoder ?? decoder
    self.progress = progress
  }

  /// Walks every trajectory of the samples of these numbers: samplers in order, samples ascending.
  ///
  /// The denoiser, the decoder and the tensors of one trajectory are in memory at once.
  ///
  /// - Parameters:
  ///   - numbers: the samples.
  ///   - seed: the seed of sample 0.
  ///   - shape: the shape of one noisy image, `[1, C, H, W]`.
  ///   - visit: is shown each trajectory once it is walked.
  /// - Throws: what the model's parts throw, what `visit` throws.
  public func walk(
    _ numbers: Range<Int>, seed: UInt64, shape: Shape, visit: (WalkedTrajectory) throws -> Void
  ) throws {
    let recorder = InputRecorder()
    let denoiser = try model.makeDenoiser { recorder.inputs.append($0) }
    let decode = try decoder?.makeDecode()
    for sampler in samplers {
      for number in numbers {
        progress(
          "\(model.denoiser.label): sample \(number), \(sampler.timesteps.count) steps")
        recorder.inputs = []
        let (steps, result) = try walk(number, seed, sampler, denoiser, shape)
        // With guidance the graph runs twice a step, first under the condition.
        let runs = max(recorder.inputs.count / max(steps.count, 1), 1)
        let inputs = stride(from: 0, to: recorder.inputs.count, by: runs)
          .map { recorder.inputs[$0] }
        try visit(
          WalkedTrajectory(
            sample: number, stepCount: steps.count, steps: steps, graphInputs: inputs,
            image: try decode?(result) ?? result))
      }
    }
  }

  private func walk(
    _ number: Int, _ seed: UInt64, _ sampler: any Sampler, _ denoiser: any Denoiser,
    _ shape: Shape
  ) throws -> (steps: [TrajectoryStep], result: Tensor) {
    var generator = TorchGenerator(seed: seed &+ UInt64(number))
    let noise = try generator.normals(shape)
    let (given, none) = try conditions(number)
    let guided = GuidedDenoiser(denoiser, unconditional: none, scale: guidance)
    var steps: [TrajectoryStep] = []
    let result = try Trajectory(sampler: sampler, denoiser: guided, conditioning: given)
      .walk(from: noise, using: &generator) { steps.append($0) }
    return (steps, result)
  }
}

/// Keeps the inputs of a denoiser's graph.
private final class InputRecorder {
  var inputs: [[String: Tensor]] = []
}
