import ModelGraph
import Tensors

extension NetworkBuilder {
  /// Declares a mask of tokens that need not be given, and gives back what it adds to attention
  /// scores: 0 where it is 1, `penalty` where it is 0, `[N, 1, 1, tokens]`.
  ///
  /// - Parameter extents: a vector of two, batch and tokens.
  func maskBias(_ name: String, extents: String, penalty: Float) -> String {
    let given = input(
      name, .int64, [.symbol("mask_batch"), .symbol("mask_tokens")],
      default: Self.tensor([Int64(1)], [1, 1]))
    let mask = cast(add("Expand", [given, extents]), to: .float32)
    let bias = add("Mul", [add("Sub", [real(1), mask]), real(penalty)])
    return unsqueeze(bias, [1, 2])
  }
}
