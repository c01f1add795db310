import ModelGraph
import Tensors

/// `GRU` (ai.onnx 1, 3, 7, 14, 22; Cho et al. 2014): gates z, r, h in this order;
/// h ← (1 − z) · g(W x + R (r · h)) + z · h, with `linear_before_reset` g(W x + r · (R h)).
struct GRUOperator: RealOperator {
  static let opType = "GRU"

  private let layer: RecurrentLayer
  private let resetsAfter: Bool

  init(_ attributes: inout AttributeReader) throws {
    layer = try RecurrentLayer(&attributes, gateCount: 3, activations: ["Sigmoid", "Tanh"])
    resetsAfter = try attributes.flag("linear_before_reset", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    try layer.infer(context, states: 1)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let run = try RecurrentRun<Real>(layer, context)
    let results = try run.run { direction in
      GRUCell(
        weights: run.weights(direction), layer: layer,
        activations: layer.activations(of: direction), resetsAfter: resetsAfter)
    }
    return Array(results.prefix(2))
  }
}

private struct GRUCell<Real: RealElement>: RecurrentCell {
  let weights: GateWeights<Real>
  let layer: RecurrentLayer
  let activations: [RecurrentActivation]
  let resetsAfter: Bool

  func step(
    _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>, _ state: UnsafeMutablePointer<Real>,
    into next: UnsafeMutablePointer<Real>
  ) {
    let units = 0..<weights.hidden
    let reset = units.map { gate(1, $0, x, h) }
    let gated = units.map { reset[$0] * h[$0] }
    gated.withUnsafeBufferPointer { gated in
      guard let gated = gated.baseAddress else { return }
      for unit in units {
        let update = gate(0, unit, x, h)
        let recurrent =
          resetsAfter
          ? reset[unit] * weights.fromState(2, unit, h) : weights.fromState(2, unit, gated)
        let candidate = activations[1](
          layer.clipped(weights.fromInput(2, unit, x) + recurrent))
        next[unit] = (1 - update) * candidate + update * h[unit]
      }
    }
  }

  private func gate(
    _ gate: Int, _ unit: Int, _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>
  ) -> Real {
    activations[0](
      layer.clipped(weights.fromInput(gate, unit, x) + weights.fromState(gate, unit, h)))
  }
}
