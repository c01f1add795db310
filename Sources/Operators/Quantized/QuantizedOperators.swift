extension OperatorRegistry {
  /// Operators that make, read or compute with quantized tensors.
  static let quantizedOperators: [any Operator.Type] = [
    DequantizeLinearOperator.self, DynamicQuantizeLinearOperator.self,
    QuantizeLinearOperator.self,
  ]
}
