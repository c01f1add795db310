import Diffusion
import Tensors

/// Compares two samplers by themselves: both are fed the states and predictions of one trajectory,
/// so that no error of a model counts.
public struct SamplerComparison {
  /// The relative L2 distance of two next states beyond which the samplers are not the same: they
  /// compute the same sums in fp32.
  public static let tolerance = 1e-6

  private let reference: any Sampler
  private let candidate: any Sampler

  /// Compares `candidate` with `reference`.
  public init(reference: any Sampler, candidate: any Sampler) {
    self.reference = reference
    self.candidate = candidate
  }

  /// The first transition of `walked`, a trajectory of the reference's sampler, that the candidate's
  /// sampler takes differently; nil where there is none.
  ///
  /// Fresh noise, where samplers draw any, is the same for both.
  ///
  /// - Throws: what the samplers throw.
  public func firstDifference(along walked: WalkedTrajectory) throws -> SamplerDrift.Transition? {
    func transition(_ index: Int, _ error: Double?) -> SamplerDrift.Transition {
      SamplerDrift.Transition(
        index: index + 1, steps: walked.stepCount, sample: walked.sample, relativeL2: error)
    }
    var history: [Tensor] = []
    for step in walked.steps {
      guard asksAlike(at: step.index) else { return transition(step.index, nil) }
      let state = SamplerState(
        step: step.index, sample: step.sample, prediction: step.prediction, history: history)
      let (own, other) = (try move(reference, state), try move(candidate, state))
      let comparison = try TensorComparison(
        name: "state", reference: own.next, candidate: other.next)
      // NaN is no difference of samplers: both were given it.
      if comparison.relativeL2 > Self.tolerance {
        return transition(step.index, comparison.relativeL2)
      }
      if let remembered = own.remembered {
        history = (history + [remembered]).suffix(Trajectory.remembered)
      }
    }
    return nil
  }

  private func asksAlike(at index: Int) -> Bool {
    reference.timesteps.count == candidate.timesteps.count
      && reference.timesteps[index] == candidate.timesteps[index]
      && (index > 0 || reference.initialNoiseScale == candidate.initialNoiseScale)
  }

  private func move(_ sampler: any Sampler, _ state: SamplerState) throws -> SamplerMove {
    var generator = TorchGenerator(seed: 0)
    return try sampler.advance(state, using: &generator)
  }
}
