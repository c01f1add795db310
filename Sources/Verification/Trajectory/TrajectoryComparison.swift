import Diffusion
import ModelGraph
import Tensors

/// Compares trajectories of two models that began alike.
public struct TrajectoryComparison {
  /// Is shown each pair of final images that is compared.
  public typealias Observer = ModelVerifier.Observer

  private let component: String
  private let graph: String
  private let observe: Observer

  /// Compares under the names of the reference's `component` and `graph`.
  public init(
    component: Component, graph: Graph, observe: @escaping Observer = { _, _, _, _ in }
  ) {
    self.component = component.label
    self.graph = graph.name
    self.observe = observe
  }

  /// What was measured of `candidate` against number `index` of `reference`: the prediction and the
  /// clean estimate x̂₀ of every step, and the image, which has structural similarities besides.
  ///
  /// - Throws: `VerificationError.shape`, `.nothingToCompare` where the two are of other samples or
  ///   numbers of steps, what reading the reference throws, and what `observe` throws.
  public func measure(
    _ candidate: WalkedTrajectory, against index: Int, of reference: KeptTrajectories
  ) throws -> [Measurement] {
    guard reference.matches(candidate, index) else { throw VerificationError.nothingToCompare }
    var measurements: [Measurement] = []
    for (expected, step) in zip(try reference.steps(of: index), candidate.steps) {
      let pairs = [
        ("prediction", expected.prediction, step.prediction),
        ("x0", expected.estimate, step.cleanEstimate),
      ]
      for (name, left, right) in pairs {
        let comparison = try TensorComparison(name: name, reference: left, candidate: right)
        measurements.append(
          Measurement(
            subject: subject(name, candidate.stepCount, step.index + 1),
            sample: candidate.sample, values: comparison.metrics))
      }
    }
    measurements.append(try image(try reference.image(of: index), candidate))
    return measurements
  }

  private func image(_ reference: Tensor, _ candidate: WalkedTrajectory) throws -> Measurement {
    let subject = subject("image", candidate.stepCount, nil)
    let comparison = try TensorComparison(
      name: "image", reference: reference, candidate: candidate.image)
    var values = comparison.metrics
    values.merge(try ImageMetrics.values(reference: reference, candidate: candidate.image)) { $1 }
    try observe(subject, candidate.sample, reference, candidate.image)
    return Measurement(subject: subject, sample: candidate.sample, values: values)
  }

  private func subject(_ name: String, _ steps: Int, _ step: Int?) -> Subject {
    Subject(
      component: component, graph: graph, depth: .trajectory, name: name, steps: steps, step: step)
  }
}
