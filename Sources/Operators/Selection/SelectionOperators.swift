extension OperatorRegistry {
  /// Operators that pick elements by their values.
  static let selectionOperators: [any Operator.Type] = [
    CompressOperator.self, NonZeroOperator.self, OneHotOperator.self, TopKOperator.self,
    UniqueOperator.self,
  ]
}
