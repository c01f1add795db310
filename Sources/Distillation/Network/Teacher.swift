import Diffusion
import ModelGraph
import Runtime
import Tensors

/// The frozen network that makes targets, with classifier-free guidance.
public struct Teacher: Sendable {
  let schedule: NoiseSchedule
  let prediction: Prediction
  private let ports: NetworkPorts
  private let session: Session
  private let guidanceScale: Float

  /// Runs `graph`.
  ///
  /// - Throws: `DistillationError.graph`, what `Session` throws.
  public init(
    _ graph: Graph, weights: any TensorSource, schedule: NoiseSchedule, prediction: Prediction,
    guidanceScale: Float
  ) throws {
    ports = try NetworkPorts(graph)
    session = try Session(graph: graph, weights: weights)
    self.schedule = schedule
    self.prediction = prediction
    self.guidanceScale = guidanceScale
  }

  /// x̂₀( f_Φᵏ(start), ε̂_Φ, t / k ): k evaluations on the uniform grid t, t (k − 1) / k, …, t / k,
  /// the first k − 1 each followed by a DDIM step (our reading of equations (i) and (ii) of the
  /// paper, which does not give the solver).
  func target(
    from start: Tensor, timestep: Int, evaluations: Int,
    _ given: [String: Tensor], unconditional: [String: Tensor]
  ) throws -> Tensor {
    var x = start
    var clean = start
    for index in 0..<evaluations {
      let t = Self.place(timestep, evaluations, index)
      let output = try guided(x, t, given, unconditional)
      let (alpha, sigma) = (try schedule.alpha(at: t), try schedule.sigma(at: t))
      clean = try prediction.cleanEstimate(of: x, output, alpha: alpha, sigma: sigma)
      guard index + 1 < evaluations else { break }
      let noise = try prediction.noise(in: x, output, alpha: alpha, sigma: sigma)
      x = try schedule.noised(
        clean, noise: noise, timestep: Self.place(timestep, evaluations, index + 1))
    }
    return clean
  }

  /// round(t (k − i) / k), halves to even.
  static func place(_ timestep: Int, _ evaluations: Int, _ index: Int) -> Int {
    let exact = Double(timestep * (evaluations - index)) / Double(evaluations)
    return Int(exact.rounded(.toNearestOrEven))
  }

  /// ε(∅) + w (ε(c) − ε(∅)) in the network's own prediction.
  private func guided(
    _ x: Tensor, _ timestep: Int, _ given: [String: Tensor], _ unconditional: [String: Tensor]
  ) throws -> Tensor {
    let conditioned = try predict(x, timestep, given)
    guard guidanceScale != 1, !unconditional.isEmpty else { return conditioned }
    let free = try predict(x, timestep, unconditional)
    let (w, result) = (guidanceScale, try Tensor(uninitialized: .float32, x.shape))
    let (a, b) = (free.pointer(as: Float.self), conditioned.pointer(as: Float.self))
    let target = result.mutablePointer(as: Float.self)
    for index in 0..<result.elementCount { target[index] = a[index] + w * (b[index] - a[index]) }
    withExtendedLifetime((free, conditioned)) {}
    return result
  }

  private func predict(
    _ x: Tensor, _ timestep: Int, _ conditions: [String: Tensor]
  ) throws -> Tensor {
    let outputs = try session.run(ports.inputs(x, timestep: timestep, conditions))
    guard let output = outputs[ports.output], output.dtype == .float32, output.shape == x.shape
    else {
      throw DistillationError.tensor(
        name: ports.output, expected: "float32 \(x.shape)",
        found: outputs[ports.output].map { "\($0.dtype.name) \($0.shape)" } ?? "nothing")
    }
    return output
  }
}
