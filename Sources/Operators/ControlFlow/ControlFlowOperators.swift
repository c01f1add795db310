extension OperatorRegistry {
  /// Operators with bodies.
  static let controlFlowOperators: [any Operator.Type] = [
    IfOperator.self,
    LoopOperator.self,
    ScanOperator.self,
  ]
}
