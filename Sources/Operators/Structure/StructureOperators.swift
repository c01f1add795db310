extension OperatorRegistry {
  /// Operators that look at or rename tensors without computing on their elements.
  static let structureOperators: [any Operator.Type] = [
    FlattenOperator.self,
    IdentityOperator.self,
    ReshapeOperator.self,
    ShapeOperator.self,
    SizeOperator.self,
    SqueezeOperator.self,
    UnsqueezeOperator.self,
  ]
}
