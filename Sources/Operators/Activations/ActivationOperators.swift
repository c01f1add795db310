extension OperatorRegistry {
  /// Nonlinearities of one tensor, element by element.
  static let activationOperators: [any Operator.Type] = [
    CeluOperator.self, EluOperator.self, GeluOperator.self, HardSigmoidOperator.self,
    HardSwishOperator.self, LeakyReluOperator.self, MishOperator.self, ReluOperator.self,
    SeluOperator.self, ShrinkOperator.self, SigmoidOperator.self, SoftplusOperator.self,
    SoftsignOperator.self, SwiGLUOperator.self, SwishOperator.self, ThresholdedReluOperator.self,
  ]
}
