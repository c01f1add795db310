extension OperatorRegistry {
  /// Recurrent layers.
  static let recurrentOperators: [any Operator.Type] = [
    GRUOperator.self,
    LSTMOperator.self,
    RNNOperator.self,
  ]
}
