extension OperatorRegistry {
  /// Products of matrices and tensors.
  static let productOperators: [any Operator.Type] = [
    DetOperator.self, EinsumOperator.self, GemmOperator.self, MatMulOperator.self,
  ]
}
