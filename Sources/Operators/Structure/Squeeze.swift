import ModelGraph
import Tensors

/// `Squeeze` (ai.onnx 25): the input without the axes of input 1, whose extents must be 1, or
/// without all axes of extent 1. All types.
struct SqueezeOperator: Operator {
  static let opType = "Squeeze"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard let dimensions = type.dimensions else { return [type] }
    if context.has(1) {
      guard let axes = context.ints(1) else {
        let count = context.optionalType(1)?.dimensions?.first?.fixedValue
        return [.unknown(type.dtype, rank: count.map { max(0, dimensions.count - $0) })]
      }
      let removed = try uniqueAxes(axes, rank: dimensions.count)
      for axis in removed {
        if let extent = dimensions[axis].fixedValue, extent != 1 { throw notOne(axis, extent) }
      }
      return [TensorType(type.dtype, without(removed, dimensions))]
    }
    guard let shape = type.shape else { return [.unknown(type.dtype)] }
    return [TensorType(type.dtype, shape.dimensions.filter { $0 != 1 }.map(Dimension.fixed))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "data")
    let shape = input.shape
    let removed =
      try context.optionalIntegers(1, "axes").map { try uniqueAxes($0, rank: shape.rank) }
      ?? shape.dimensions.indices.filter { shape[$0] == 1 }
    for axis in removed where shape[axis] != 1 { throw notOne(axis, shape[axis]) }
    return [input.reshaped(Shape(without(removed, shape.dimensions)))]
  }

  private func without<Extent>(_ axes: [Int], _ extents: [Extent]) -> [Extent] {
    extents.indices.filter { !axes.contains($0) }.map { extents[$0] }
  }

  private func notOne(_ axis: Int, _ extent: Int) -> OperatorError {
    .mismatch(expected: "extent 1 along axis \(axis) to squeeze", found: "\(extent)")
  }
}

extension SqueezeOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.reshape(site.outputGradient(), to: site.shape(0))])
  }
}
