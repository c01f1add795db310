extension OperatorRegistry {
  /// Fourier transforms.
  static let signalOperators: [any Operator.Type] = [
    DFTOperator.self,
    STFTOperator.self,
  ]
}
