extension OperatorRegistry {
  /// Conversions between element types.
  static let castingOperators: [any Operator.Type] = [
    BitCastOperator.self, CastOperator.self, CastLikeOperator.self,
  ]
}
