extension OperatorRegistry {
  /// Attention and what goes with it.
  static let attentionOperators: [any Operator.Type] = [
    AttentionOperator.self,
    FlexAttentionOperator.self,
    LinearAttentionOperator.self,
    RotaryEmbeddingOperator.self,
  ]
}
