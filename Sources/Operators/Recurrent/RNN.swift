import ModelGraph
import Tensors

/// `RNN` (ai.onnx 1, 7, 14, 22): h ← f(W x + R h + biases) over the steps of `X`, forward, backward
/// or both.
struct RNNOperator: RealOperator {
  static let opType = "RNN"

  private let layer: RecurrentLayer

  init(_ attributes: inout AttributeReader) throws {
    layer = try RecurrentLayer(&attributes, gateCount: 1, activations: ["Tanh"])
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    try layer.infer(context, states: 1)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let run = try RecurrentRun<Real>(layer, context)
    let results = try run.run { direction in
      RNNCell(
        weights: run.weights(direction), layer: layer,
        activation: layer.activations(of: direction)[0])
    }
    return Array(results.prefix(2))
  }
}

private struct RNNCell<Real: RealElement>: RecurrentCell {
  let weights: GateWeights<Real>
  let layer: RecurrentLayer
  let activation: RecurrentActivation

  func step(
    _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>, _ state: UnsafeMutablePointer<Real>,
    into next: UnsafeMutablePointer<Real>
  ) {
    for unit in 0..<weights.hidden {
      let sum = weights.fromInput(0, unit, x) + weights.fromState(0, unit, h)
      next[unit] = activation(layer.clipped(sum))
    }
  }
}
