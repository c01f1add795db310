extension OperatorRegistry {
  /// Convolutions in their forms.
  static let convolutionOperators: [any Operator.Type] = [
    CausalConvWithStateOperator.self,
    Col2ImOperator.self,
    ConvOperator.self,
    ConvTransposeOperator.self,
    DeformConvOperator.self,
  ]
}
