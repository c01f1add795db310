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

  /// What was measured: for each number of steps the prediction and the clean estimate x̂₀ of every
  /// step, and the image, which has structural similarities besides.
  ///
  /// - Throws: `VerificationError.shape`, `.nothingToCompare` where the trajectories differ in
  ///   number, and what `observe` throws.
  public func measure(
    reference: [WalkedTrajectory], candidate: [WalkedTrajectory]
  ) throws -> [Measurement] {
    guard reference.count == candidate.count, !reference.isEmpty else {
      throw VerificationError.nothingToCompare
    }
    return try zip(reference, candidate).flatMap { try measure($0, $1) }
  }

  private func measure(
    _ reference: WalkedTrajectory, _ candidate: WalkedTrajectory
  ) throws -> [Measurement] {
    var measurements: [Measurement] = []
    for (left, right) in zip(reference.steps, candidate.steps) {
      let pairs = [
        ("prediction", left.prediction, right.prediction),
        ("x0", left.cleanEstimate, right.cleanEstimate),
      ]
      for (name, expected, found) in pairs {
        let comparison = try TensorComparison(name: name, reference: expected, candidate: found)
        measurements.append(
          Measurement(
            subject: subject(name, reference.stepCount, left.index + 1),
            sample: reference.sample, values: comparison.metrics))
      }
    }
    measurements.append(try image(reference, candidate))
    return measurements
  }

  private func image(
    _ reference: WalkedTrajectory, _ candidate: WalkedTrajectory
  ) throws -> Measurement {
    let subject = subject("image", reference.stepCount, nil)
    let comparison = try TensorComparison(
      name: "image", reference: reference.image, candidate: candidate.image)
    var values = comparison.metrics
    values[.ssim] = try StructuralSimilarity.ssim(
      reference: reference.image, candidate: candidate.image)
    values[.msSSIM] = try StructuralSimilarity.multiScale(
      reference: reference.image, candidate: candidate.image)
    values[.histogramDistance] = try HistogramDistance.distance(
      reference: reference.image, candidate: candidate.image)
    try observe(subject, reference.sample, reference.image, candidate.image)
    return Measurement(subject: subject, sample: reference.sample, values: values)
  }

  private func subject(_ name: String, _ steps: Int, _ step: Int?) -> Subject {
    Subject(
      component: component, graph: graph, depth: .trajectory, name: name, steps: steps, step: step)
  }
}
