import ModelGraph
import Tensors

/// `LSTM` (ai.onnx 1, 7, 14, 22; Hochreiter and Schmidhuber 1997): gates i, o, f, c in this order,
/// with peepholes P for i, o, f; C ← f · C + i · c, h ← o · h(C).
///
/// `input_forget` couples the forget gate to the input gate: f = 1 − i. `clip` bounds what goes into
/// the gates' activations, not the cell before h.
struct LSTMOperator: RealOperator {
  static let opType = "LSTM"

  private let layer: RecurrentLayer
  private let couplesForget: Bool

  init(_ attributes: inout AttributeReader) throws {
    layer = try RecurrentLayer(
      &attributes, gateCount: 4, activations: ["Sigmoid", "Tanh", "Tanh"])
    couplesForget = try attributes.flag("input_forget", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    try layer.infer(context, states: 2)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let run = try RecurrentRun<Real>(layer, context)
    let (directions, hidden) = (run.shapes.directions, run.shapes.hidden)
    let initial = try context.optionalInput(6, of: Real.dtype, run.shapes.stateShape)
    let peepholes = try context.optionalInput(7, of: Real.dtype, [directions, 3 * hidden])
    return try run.run(initialState: initial) { direction in
      LSTMCell(
        weights: run.weights(direction), layer: layer,
        activations: layer.activations(of: direction), couplesForget: couplesForget,
        peepholes: peepholes.map { $0.pointer(as: Real.self) + direction * 3 * hidden })
    }
  }
}

private struct LSTMCell<Real: RealElement>: RecurrentCell {
  let weights: GateWeights<Real>
  let layer: RecurrentLayer
  let activations: [RecurrentActivation]
  let couplesForget: Bool
  let peepholes: UnsafePointer<Real>?

  func step(
    _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>, _ state: UnsafeMutablePointer<Real>,
    into next: UnsafeMutablePointer<Real>
  ) {
    for unit in 0..<weights.hidden {
      let before = state[unit]
      let input = activations[0](layer.clipped(sum(0, unit, x, h) + peep(0, unit, before)))
      let forget =
        couplesForget
        ? 1 - input : activations[0](layer.clipped(sum(2, unit, x, h) + peep(2, unit, before)))
      let candidate = activations[1](layer.clipped(sum(3, unit, x, h)))
      let after = forget * before + input * candidate
      let output = activations[0](layer.clipped(sum(1, unit, x, h) + peep(1, unit, after)))
      state[unit] = after
      next[unit] = output * activations[2](after)
    }
  }

  private func sum(
    _ gate: Int, _ unit: Int, _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>
  ) -> Real {
    weights.fromInput(gate, unit, x) + weights.fromState(gate, unit, h)
  }

  private func peep(_ gate: Int, _ unit: Int, _ cell: Real) -> Real {
    guard let peepholes else { return 0 }
    return peepholes[gate * weights.hidden + unit] * cell
  }
}
