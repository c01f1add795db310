extension OperatorRegistry {
  /// Comparisons, tests, booleans and bits.
  static let logicOperators: [any Operator.Type] = [
    AndOperator.self, BitShiftOperator.self, BitwiseAndOperator.self, BitwiseNotOperator.self,
    BitwiseOrOperator.self, BitwiseXorOperator.self, EqualOperator.self, GreaterOperator.self,
    GreaterOrEqualOperator.self, IsInfOperator.self, IsNaNOperator.self, LessOperator.self,
    LessOrEqualOperator.self, NotOperator.self, OrOperator.self, WhereOperator.self,
    XorOperator.self,
  ]
}
