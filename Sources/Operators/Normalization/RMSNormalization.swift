import Kernels
import ModelGraph
import Tensors

/// `RMSNormalization` (ai.onnx 23): x / √(mean of x² + epsilon) · scale over the axes from `axis`
/// on (Zhang and Sennrich 2019).
///
/// Computed in fp32 whatever `stash_type` says (fp64 where an input is fp64), rounded once to
/// scale's type.
struct RMSNormalizationOperator: MixedRealOperator {
  static let opType = "RMSNormalization"

  private let axis: Int
  private let epsilon: Float

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
    epsilon = try attributes.float("epsilon", default: 1e-5)
    _ = try attributes.optionalDType("stash_type")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    if let rank = input.rank { _ = try normalized(axis: axis, rank: rank) }
    return [input.with(try context.type(1, "scale").dtype)]
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    _ = try context.realType(0, "X")
    return [try context.realType(1, "scale")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X", Real.dtype)
    let axis = try input.shape.checkedAxis(axis)
    let rows = input.shape.elementCount(of: 0..<axis)
    let count = input.shape.elementCount(of: axis..<input.shape.rank)
    let scale = try RowOperand(context, 1, "scale", input, axis: axis)
    let output = try context.allocate(Real.dtype, input.shape)
    let rowScale = scale.row(as: Real.self)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    if Real.self == Float.self, count > 0 {
      Normalization.rootMeanSquare(
        input.pointer(), output.mutablePointer(), rows: rows, count: count,
        scale: rowScale == nil ? nil : scale.tensor.pointer(), epsilon: epsilon)
    } else {
      Parallel.forEachIndex(count: rows) { row in
        let values = source + row * count
        var squares = 0.0
        for index in 0..<count { squares += Double(values[index]) * Double(values[index]) }
        let root = Real((squares / Double(count) + Double(epsilon)).squareRoot())
        for index in 0..<count {
          target[row * count + index] = values[index] / root * (rowScale?[index] ?? 1)
        }
      }
    }
    if rowScale == nil { try scale.apply(Real.product, to: output, as: Real.self) }
    return [output]
  }
}

extension RMSNormalizationOperator: DifferentiableOperator {
  /// With r = 1 / √(mean of x² + epsilon) and g = dY · scale: dX = r · (g − x · r² · mean(g x)).
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.shape(0)
    let axes = Array(try shape.checkedAxis(axis)..<shape.rank)
    let (x, gradient) = (site.input(0), try site.outputGradient())
    let square = try site.mean(site.multiply(x, x), over: axes)
    let root = site.add("Sqrt", [site.add(square, try site.number(Double(epsilon)))])
    let inverse = site.add("Reciprocal", [root])
    let weighted = site.multiply(gradient, site.input(1))
    let mean = try site.mean(site.multiply(weighted, x), over: axes)
    let pull = site.multiply(site.multiply(x, mean), site.multiply(inverse, inverse))
    return [
      site.multiply(inverse, site.subtract(weighted, pull)),
      site.needs(1)
        ? try site.reduce(
          site.multiply(gradient, site.multiply(x, inverse)), toInput: 1) : nil,
    ]
  }
}
