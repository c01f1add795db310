import ModelGraph
import Runtime
import Tensors
import Testing

/// Runs a graph as it is stored and with rewrites, and compares the outputs.
struct FusedAndUnfused {
  /// The names of the operators that ran with rewrites.
  let operators: [String]
  /// The largest difference between the outputs over the largest magnitude of the stored graph's.
  let relativeError: Double

  /// - Parameters:
  ///   - omitting: rewrites to leave out.
  ///   - inputs: a tensor for each input.
  init(
    _ graph: Graph, weights: TensorSet = TensorSet([]), inputs: [String: Tensor],
    omitting: [String] = []
  ) throws {
    let stored = try Session(
      graph: graph, weights: weights, options: SessionOptions(rewrites: RewriteSelection.none))
    let fused = try Session(
      graph: graph, weights: weights,
      options: SessionOptions(rewrites: try RewriteSelection(omitting: omitting)))
    let profile = ExecutionProfile()
    let expected = try stored.run(inputs)
    let found = try fused.run(inputs, observer: profile)
    operators = profile.events.map(\.opType)
    var (error, magnitude) = (0.0, 1e-30)
    for (name, tensor) in expected {
      let other = try #require(found[name])
      #expect(other.shape == tensor.shape && other.dtype == tensor.dtype)
      guard tensor.dtype == .float32, other.shape == tensor.shape else { continue }
      for (a, b) in zip(tensor.array(of: Float.self), other.array(of: Float.self)) {
        error = max(error, Double((a - b).magnitude))
        magnitude = max(magnitude, Double(a.magnitude))
      }
    }
    relativeError = error / magnitude
  }
}

/// Fixed pseudo-random numbers in -1 ... 1.
func noise(_ shape: Shape, seed: UInt64 = 1) throws -> Tensor {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return try Tensor(
    (0..<shape.elementCount).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }, shape)
}

extension GraphBuilder {
  /// A scalar constant.
  mutating func number(_ value: Float) throws -> String { constant(try Tensor(scalar: value)) }

  /// The graph with one output `y` of fp32.
  func finished(_ value: String) -> Graph {
    var builder = self
    builder.output(value, as: "y", .float32, nil)
    return builder.graph
  }
}
