extension OperatorRegistry {
  /// Normalisation, softmax and their kin.
  static let normalizationOperators: [any Operator.Type] = [
    BatchNormalizationOperator.self,
    GroupNormalizationOperator.self,
    HardmaxOperator.self,
    InstanceNormalizationOperator.self,
    LRNOperator.self,
    LayerNormalizationOperator.self,
    LogSoftmaxOperator.self,
    LpNormalizationOperator.self,
    MeanVarianceNormalizationOperator.self,
    RMSNormalizationOperator.self,
    SoftmaxOperator.self,
  ]
}
