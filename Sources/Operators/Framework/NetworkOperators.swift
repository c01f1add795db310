extension OperatorRegistry {
  /// The operators that networks are made of: whole layers, recurrences, resampling, control flow.
  static let networkOperators: [any Operator.Type] = [
    convolutionOperators, poolingOperators, normalizationOperators, detectionOperators,
    attentionOperators, resamplingOperators, lossOperators,
    controlFlowOperators, recurrentOperators, signalOperators, [OptionalHasElementOperator.self],
  ].flatMap { $0 }
}
