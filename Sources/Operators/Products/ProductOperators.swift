extension OperatorRegistry {
  /// Products of matrices and tensors.
  static let productOperators: [any Operator.Type] = [
    DetOperator.self, GemmOperator.self, MatMulOperator.self,
  ]
}
