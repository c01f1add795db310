extension OperatorRegistry {
  /// Reductions along axes, and running folds.
  static let reductionOperators: [any Operator.Type] = [
    ArgMaxOperator.self, ArgMinOperator.self, CumProdOperator.self, CumSumOperator.self,
    ReduceL1Operator.self, ReduceL2Operator.self, ReduceLogSumOperator.self,
    ReduceLogSumExpOperator.self, ReduceMaxOperator.self, ReduceMeanOperator.self,
    ReduceMinOperator.self, ReduceProdOperator.self, ReduceSumOperator.self,
    ReduceSumSquareOperator.self,
  ]
}
