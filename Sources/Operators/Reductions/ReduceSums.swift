import Kernels
import Tensors

/// `ReduceSum` (ai.onnx 13): the sum of the elements; 0 of none.
struct ReduceSumOperator: ReduceOperator {
  static let opType = "ReduceSum"
  static let reduction = Reduction.sum
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceMean` (ai.onnx 18): the mean of the elements; NaN of none.
struct ReduceMeanOperator: ReduceOperator {
  static let opType = "ReduceMean"
  static let reduction = Reduction.mean
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceProd` (ai.onnx 18): the product of the elements; 1 of none.
struct ReduceProdOperator: ReduceOperator {
  static let opType = "ReduceProd"
  static let reduction = Reduction.product
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceL1` (ai.onnx 18): the sum of the elements' magnitudes; 0 of none.
struct ReduceL1Operator: ReduceOperator {
  static let opType = "ReduceL1"
  static let reduction = Reduction.l1
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceL2` (ai.onnx 18): the root of the sum of the elements' squares; 0 of none.
struct ReduceL2Operator: ReduceOperator {
  static let opType = "ReduceL2"
  static let reduction = Reduction.l2
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceSumSquare` (ai.onnx 18): the sum of the elements' squares; 0 of none.
struct ReduceSumSquareOperator: ReduceOperator {
  static let opType = "ReduceSumSquare"
  static let reduction = Reduction.sumOfSquares
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceLogSum` (ai.onnx 28): the logarithm of the elements' sum; −infinity of none.
struct ReduceLogSumOperator: ReduceOperator {
  static let opType = "ReduceLogSum"
  static let reduction = Reduction.logSum
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}

/// `ReduceLogSumExp` (ai.onnx 28): the logarithm of the sum of e^element; −infinity of none.
struct ReduceLogSumExpOperator: ReduceOperator {
  static let opType = "ReduceLogSumExp"
  static let reduction = Reduction.logSumExp
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
}
