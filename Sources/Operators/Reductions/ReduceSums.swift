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

extension ReduceSumOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.list(site.shape(0).dimensions)
    return site.padded([
      site.add("Expand", [try site.kept(site.outputGradient(), axes), shape])
    ])
  }
}

extension ReduceMeanOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (input, output) = (try site.shape(0), try site.outputShape())
    let share = try site.scale(
      site.outputGradient(), by: Double(max(1, output.elementCount)) / Double(input.elementCount))
    return site.padded([
      site.add("Expand", [try site.kept(share, axes), try site.list(input.dimensions)])
    ])
  }
}

extension ReduceSumSquareOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let slope = try site.scale(site.input(0), by: 2)
    return site.padded([site.multiply(try site.kept(site.outputGradient(), axes), slope)])
  }
}

extension ReduceL2Operator: DifferentiableOperator {
  /// x / y.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let share = site.divide(try site.outputGradient(), site.output())
    return site.padded([site.multiply(try site.kept(share, axes), site.input(0))])
  }
}

extension ReduceL1Operator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let sign = site.add("Sign", [site.input(0)])
    return site.padded([site.multiply(try site.kept(site.outputGradient(), axes), sign)])
  }
}

extension ReduceLogSumExpOperator: DifferentiableOperator {
  /// e^(x − y).
  func gradient(_ site: GradientSite) throws -> [String?] {
    let difference = site.subtract(site.input(0), try site.kept(site.output(), axes))
    return site.padded([
      site.multiply(
        try site.kept(site.outputGradient(), axes), site.add("Exp", [difference]))
    ])
  }
}

extension GradientSite {
  /// `value`, of the shape of output 0, with the reduced axes as extents of 1.
  fileprivate func kept(_ value: String, _ axes: ReductionAxes) throws -> String {
    let shape = try shape(0)
    let reduced = try axes.reduced(has(1) ? integers(1) : nil, rank: shape.rank)
    let extents = shape.dimensions.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    return try outputShape().dimensions == extents
      ? value : reshape(value, to: Shape.checked(extents))
  }
}
