import ModelGraph
import Runtime
import Tensors

/// Compares a graph's gradient with central finite differences of its own outputs, in fp64.
///
/// The loss is the sum of the outputs' elements, each times a fixed weight.
struct GradientCheck {
  let graph: Graph
  let values: [String: Tensor]
  var checkpointing = GradientGraph.Checkpointing.none
  /// How many elements of each variable are moved; they are spread over it.
  var samples = 24
  /// Truncation costs about step², rounding 1e-16 / step.
  var step = 1e-5

  /// The worst difference of an element's gradient, over the largest of its variable.
  func worstRelativeError(_ variables: [String]) throws -> Double {
    let session = try session(variables)
    let tape = try session.forward(values)
    let seeds = try tape.outputs.mapValues { try Self.weights($0.shape) }
    let gradients = try session.backward(tape, seeds)
    var worst = 0.0
    for name in variables {
      guard let value = values[name], let gradient = gradients[name] else { return .infinity }
      guard gradient.shape == value.shape, gradient.dtype == .float64 else { return .infinity }
      let exact = gradient.array(of: Double.self)
      var pairs: [(Double, Double)] = []
      for index in stride(from: 0, to: exact.count, by: max(1, exact.count / samples)) {
        pairs.append((exact[index], try difference(session, name, index)))
      }
      let largest = pairs.map(\.1.magnitude).max() ?? 0
      for pair in pairs {
        worst = max(worst, (pair.0 - pair.1).magnitude / max(largest, 1e-6))
      }
    }
    return worst
  }

  func session(_ variables: [String]) throws -> GradientSession {
    let gradient = try GradientGraph(
      graph, weights: TensorSet([]), variables: variables, shapes: values.mapValues(\.shape),
      checkpointing: checkpointing)
    return try GradientSession(
      gradient, outputs: graph.outputs.map(\.name), weights: TensorSet([]))
  }

  private func difference(
    _ session: GradientSession, _ name: String, _ index: Int
  ) throws -> Double {
    var moved = values
    var losses: [Double] = []
    for sign in [1.0, -1.0] {
      var elements = values[name]?.array(of: Double.self) ?? []
      elements[index] += sign * step
      moved[name] = try Tensor(elements, values[name]?.shape)
      losses.append(try Self.loss(session.forward(moved).outputs))
    }
    return (losses[0] - losses[1]) / (2 * step)
  }

  private static func loss(_ outputs: [String: Tensor]) throws -> Double {
    try outputs.sorted { $0.key < $1.key }.reduce(0) { sum, output in
      let weights = try weights(output.value.shape).array(of: Double.self)
      return zip(output.value.array(of: Double.self), weights).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }

  private static func weights(_ shape: Shape) throws -> Tensor {
    try Tensor((0..<shape.elementCount).map { 0.3 + spread($0, 7) }, shape)
  }

  /// Numbers between −1 and 1 without a pattern that a rule could hide behind.
  static func spread(_ index: Int, _ seed: Int) -> Double {
    var state = UInt64(truncatingIfNeeded: index &* 7919 &+ seed &* 104_729 &+ 12_345)
    state = (state ^ (state >> 31)) &* 0x7fb5_d329_728e_a185
    state = (state ^ (state >> 27)) &* 0x81da_def4_bc2d_d44d
    return Double(state >> 11) / Double(1 << 52) - 1
  }

  /// A tensor of such numbers between `low` and `high`.
  static func tensor(
    _ shape: Shape, seed: Int, low: Double = -1, high: Double = 1
  ) throws -> Tensor {
    try Tensor(
      (0..<shape.elementCount).map { low + (high - low) * (spread($0, seed) + 1) / 2 }, shape)
  }
}
