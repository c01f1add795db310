extension OperatorRegistry {
  /// Pooling.
  static let poolingOperators: [any Operator.Type] = [
    AveragePoolOperator.self,
    GlobalAveragePoolOperator.self,
    GlobalLpPoolOperator.self,
    GlobalMaxPoolOperator.self,
    LpPoolOperator.self,
    MaxPoolOperator.self,
    MaxUnpoolOperator.self,
  ]
}
