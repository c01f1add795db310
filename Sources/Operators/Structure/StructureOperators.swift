extension OperatorRegistry {
  /// Operators that look at or rename tensors without computing on their elements.
  static let structureOperators: [any Operator.Type] = [
    IdentityOperator.self,
    ShapeOperator.self,
  ]
}
