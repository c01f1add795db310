extension OperatorRegistry {
  /// Operators that exist for gradients alone, in the domain `GradientSite.domain`.
  static let gradientOperators: [any Operator.Type] = [
    AveragePoolGradientOperator.self, ChannelNormalizationGradient.self,
    ConvWeightGradientOperator.self, ResizeGradientOperator.self, SliceGradientOperator.self,
    StopGradientOperator.self, SwishGradientOperator.self,
  ]
}
