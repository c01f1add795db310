extension OperatorRegistry {
  /// Losses and dropout.
  static let lossOperators: [any Operator.Type] = [
    DropoutOperator.self,
    NegativeLogLikelihoodLossOperator.self,
    SoftmaxCrossEntropyLossOperator.self,
  ]
}
