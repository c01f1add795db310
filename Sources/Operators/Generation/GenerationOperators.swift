extension OperatorRegistry {
  /// Operators that make tensors out of shapes, scalars or attributes.
  static let generationOperators: [any Operator.Type] = [
    BlackmanWindowOperator.self, ConstantOperator.self, ConstantOfShapeOperator.self,
    EyeLikeOperator.self, HammingWindowOperator.self, HannWindowOperator.self,
    MelWeightMatrixOperator.self, RangeOperator.self,
  ]
}
