extension OperatorRegistry {
  /// Operators that make, read or compute with quantized tensors.
  static let quantizedOperators: [any Operator.Type] = [
    ConvIntegerOperator.self, DequantizeLinearOperator.self, DynamicQuantizeLinearOperator.self,
    MatMulIntegerOperator.self, QLinearConvOperator.self, QLinearMatMulOperator.self,
    QuantizeLinearOperator.self,
  ]
}
