extension OperatorRegistry {
  /// Operators on regions of images.
  static let detectionOperators: [any Operator.Type] = [
    MaxRoiPoolOperator.self,
    NonMaxSuppressionOperator.self,
    RoiAlignOperator.self,
  ]
}
