extension OperatorRegistry {
  /// Operators that read or write elements at indices given by a tensor.
  static let indexingOperators: [any Operator.Type] = [
    GatherOperator.self, GatherElementsOperator.self, GatherNDOperator.self,
    ScatterElementsOperator.self, ScatterNDOperator.self, TensorScatterOperator.self,
  ]
}
