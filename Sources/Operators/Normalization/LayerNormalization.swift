import Kernels
import ModelGraph
import Tensors

/// `LayerNormalization` (ai.onnx 17): (x − mean) / √(variance + epsilon) · scale + B over the axes
/// from `axis` on (Ba et al. 2016).
///
/// Statistics are fp32 whatever `stash_type` says (fp64 for fp64 inputs) and the result is rounded
/// once; `Mean` and `InvStdDev` are given in `stash_type`. Scale and B broadcast to X.
struct LayerNormalizationOperator: MixedRealOperator {
  static let opType = "LayerNormalization"

  private let axis: Int
  private let epsilon: Float
  private let stashType: DType

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
    epsilon = try attributes.float("epsilon", default: 1e-5)
    stashType = try attributes.optionalDType("stash_type") ?? .float32
    guard stashType.isReal else {
      throw OperatorError.attribute(
        "stash_type", expected: "a floating-point type", found: stashType.name)
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    guard let dimensions = input.dimensions else {
      return [input, .unknown(stashType), .unknown(stashType)]
    }
    let axis = try normalized(axis: axis, rank: dimensions.count)
    let statistics = TensorType(
      stashType, dimensions.enumerated().map { $0 < axis ? $1 : .fixed(1) })
    return [input, statistics, statistics]
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    [try context.realType(0, "X"), stashType, stashType]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X", Real.dtype)
    let axis = try input.shape.checkedAxis(axis)
    let rows = input.shape.elementCount(of: 0..<axis)
    let count = input.shape.elementCount(of: axis..<input.shape.rank)
    let scale = try RowOperand(context, 1, "Scale", input, axis: axis)
    let bias = context.has(2) ? try RowOperand(context, 2, "B", input, axis: axis) : nil
    let reduced = try Shape(
      checking: input.shape.dimensions.enumerated().map { $0 < axis ? $1 : 1 })
    let output = try context.allocate(Real.dtype, input.shape)
    let mean = context.isRequested(1) ? try context.allocate(Real.dtype, reduced) : nil
    let inverse = context.isRequested(2) ? try context.allocate(Real.dtype, reduced) : nil
    let rowScale = scale.row(as: Real.self)
    let rowBias = bias?.row(as: Real.self)
    let isPerRow = rowScale != nil && (bias == nil || rowBias != nil)
    let job = LayerJob<Real>(
      rows: rows, count: count, epsilon: epsilon, source: input.pointer(),
      target: output.mutablePointer(), scale: isPerRow ? rowScale : nil,
      bias: isPerRow ? rowBias : nil, mean: mean?.mutablePointer(),
      inverse: inverse?.mutablePointer())
    job.run()
    if !isPerRow {
      try scale.apply(Real.product, to: output, as: Real.self)
      try bias?.apply(Real.sum, to: output, as: Real.self)
    }
    return [output, mean, inverse]
  }
}

/// Rows to be normalised.
private struct LayerJob<Real: RealElement> {
  let rows: Int
  let count: Int
  let epsilon: Float
  let source: UnsafePointer<Real>
  let target: UnsafeMutablePointer<Real>
  let scale: UnsafePointer<Real>?
  let bias: UnsafePointer<Real>?
  let mean: UnsafeMutablePointer<Real>?
  let inverse: UnsafeMutablePointer<Real>?

  func run() {
    if let single = self as? LayerJob<Float>, count > 0 {
      return Normalization.layer(
        single.source, single.target, rows: rows, count: count, scale: single.scale,
        bias: single.bias, epsilon: epsilon, mean: single.mean, inverseDeviation: single.inverse)
    }
    Parallel.forEachIndex(count: rows) { row in
      let values = source + row * count
      let results = target + row * count
      let moments = RowMoments(values, count: count)
      let center = Real(moments.mean)
      let factor = Real(moments.inverseDeviation(epsilon))
      for index in 0..<count {
        results[index] =
          (values[index] - center) * factor * (scale?[index] ?? 1) + (bias?[index] ?? 0)
      }
      mean?[row] = center
      inverse?[row] = factor
    }
  }
}

extension LayerNormalizationOperator: DifferentiableOperator {
  /// With x̂ the normalised input and g = dY · scale:
  /// dX = (g − mean(g) − x̂ · mean(g x̂)) / √(variance + epsilon).
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.shape(0)
    let axes = Array(try shape.checkedAxis(axis)..<shape.rank)
    let gradient = try site.outputGradient()
    let center = site.subtract(site.input(0), try site.mean(site.input(0), over: axes))
    let variance = try site.mean(site.multiply(center, center), over: axes)
    let deviation = site.add(
      "Sqrt", [site.add(variance, try site.number(Double(epsilon)))])
    let normal = site.divide(center, deviation)
    let weighted = site.multiply(gradient, site.input(1))
    let slope = try site.mean(site.multiply(weighted, normal), over: axes)
    let rest = site.subtract(
      site.subtract(weighted, try site.mean(weighted, over: axes)),
      site.multiply(normal, slope))
    let results: [String?] = [
      site.needs(0) ? site.divide(rest, deviation) : nil,
      site.needs(1) ? try site.reduce(site.multiply(gradient, normal), toInput: 1) : nil,
      site.needs(2) ? try site.reduce(gradient, toInput: 2) : nil,
    ]
    return Array(results.prefix(site.node.inputs.count))
  }
}
