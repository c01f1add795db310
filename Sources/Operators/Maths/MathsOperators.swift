extension OperatorRegistry {
  /// Operators that compute on each element, or each pair of elements, by itself.
  static let mathsOperators: [any Operator.Type] = [
    AbsOperator.self, AcosOperator.self, AcoshOperator.self, AddOperator.self, AsinOperator.self,
    AsinhOperator.self, AtanOperator.self, AtanhOperator.self, CeilOperator.self,
    ClipOperator.self, CosOperator.self, CoshOperator.self, DivOperator.self, ErfOperator.self,
    ExpOperator.self, FloorOperator.self, LogOperator.self, MaxOperator.self, MeanOperator.self,
    MinOperator.self, ModOperator.self, MulOperator.self, NegOperator.self, PowOperator.self,
    PReluOperator.self, ReciprocalOperator.self, RoundOperator.self, SignOperator.self,
    SinOperator.self, SinhOperator.self, SqrtOperator.self, SubOperator.self, SumOperator.self,
    TanOperator.self, TanhOperator.self,
  ]
}
