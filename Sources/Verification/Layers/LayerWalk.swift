import FileIO
import Glibc
import ModelGraph
import Runtime
import Tensors

/// Walks two graphs side by side, layer by layer.
///
/// Weights are read when their layer's turn comes and dropped after it, activations after their last
/// use: memory holds one layer's weights and what is still needed of both models' activations.
struct LayerWalk {
  let reference: Component
  let candidate: Component
  let plan: LayerPlan

  /// What one layer gave.
  struct Step {
    /// The layer.
    let layer: LayerPlan.Layer
    /// The value's name.
    let output: String
    /// The reference's inputs of both parts, by name.
    let inputs: [ByteString: Tensor]
    /// The reference's value.
    let expected: Tensor
    /// The candidate's value, its layer fed the reference's values.
    let isolated: Tensor
    /// The candidate's value, fed what the candidate's earlier layers gave.
    let cumulative: Tensor
  }

  /// Runs both on `inputs` and shows every common value to `visit`, until it gives false.
  ///
  /// - Throws: what a layer throws, or what `visit` throws.
  func run(_ inputs: [String: Tensor], _ visit: (Step) throws -> Bool) throws {
    var expected = Dictionary(
      inputs.map { (ByteString($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    var found = expected
    for layer in plan.layers {
      let right = try Session(graph: layer.reference, weights: reference.weights)
      let left = try Session(graph: layer.candidate, weights: candidate.weights)
      let truth = try Self.outputs(right, expected)
      let isolated = try Self.outputs(left, expected)
      let cumulative =
        Self.sharesInputs(left, expected, found) ? isolated : try Self.outputs(left, found)
      for output in layer.outputs {
        guard let expectedValue = truth[output], let isolatedValue = isolated[output],
          let cumulativeValue = cumulative[output]
        else { continue }
        let step = Step(
          layer: layer, output: output, inputs: expected, expected: expectedValue,
          isolated: isolatedValue, cumulative: cumulativeValue)
        guard try visit(step) else { return }
        expected[ByteString(output)] = expectedValue
        // An exact value is kept once, so that the layers after it see that their inputs agree.
        found[ByteString(output)] =
          Self.isSame(expectedValue, cumulativeValue) ? expectedValue : cumulativeValue
      }
      for name in layer.released {
        expected[name] = nil
        found[name] = nil
      }
    }
  }

  private static func outputs(
    _ session: Session, _ values: [ByteString: Tensor]
  ) throws -> [String: Tensor] {
    var given: [String: Tensor] = [:]
    for input in session.inputs { given[input.name] = values[ByteString(input.name)] }
    return try session.run(given)
  }

  /// Whether `session` reads the same tensors from both.
  private static func sharesInputs(
    _ session: Session, _ left: [ByteString: Tensor], _ right: [ByteString: Tensor]
  ) -> Bool {
    session.inputs.allSatisfy { input in
      let name = ByteString(input.name)
      guard let a = left[name], let b = right[name] else { return false }
      return a.buffer === b.buffer && a.byteOffset == b.byteOffset
    }
  }

  private static func isSame(_ left: Tensor, _ right: Tensor) -> Bool {
    guard left.dtype == right.dtype, left.shape == right.shape, left.dtype != .string else {
      return false
    }
    return left.withBytes { left in
      right.withBytes { right in
        guard let a = left.baseAddress, let b = right.baseAddress else { return left.isEmpty }
        return memcmp(a, b, left.count) == 0
      }
    }
  }
}
