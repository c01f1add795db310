import ModelGraph
import Tensors

extension NetworkBuilder {
  /// Declares a mask of tokens that need not be given, and gives back what it adds to attention
  /// scores: 0 where it is 1, `penalty` where it is 0, `[N, 1, 1, tokens]`, repeated for
  /// `queries` where that is given, as ONNX Runtime's Attention demands.
  ///
  /// - Parameters:
  ///   - extents: a vector of two, batch and tokens.
  ///   - queries: a vector of one, how many tokens look.
  func maskBias(
    _ name: String, extents: String, queries: String? = nil, penalty: Float
  ) -> String {
    let given = input(
      name, .int64, [.symbol("mask_batch"), .symbol("mask_tokens")],
      default: Self.tensor([Int64(1)], [1, 1]))
    let mask = cast(add("Expand", [given, extents]), to: .float32)
    let bias = add("Mul", [add("Sub", [real(1), mask]), real(penalty)])
    let row = unsqueeze(bias, [1, 2])
    guard let queries else { return row }
    return add("Expand", [row, concat([integers([1, 1]), queries, integers([1])], axis: 0)])
  }
}
