import ModelGraph
import Tensors

/// `Unsqueeze` (ai.onnx 25): the input with axes of extent 1 inserted, so that they stand at the
/// axes of input 1 in the result. All types.
struct UnsqueezeOperator: Operator {
  static let opType = "Unsqueeze"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard let dimensions = type.dimensions else { return [type] }
    guard let axes = context.ints(1) else {
      let count = context.optionalType(1)?.dimensions?.first?.fixedValue
      return [.unknown(type.dtype, rank: count.map { dimensions.count + $0 })]
    }
    return [TensorType(type.dtype, try inserting(axes, into: dimensions, one: .fixed(1)))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "data")
    let axes = try context.integers(1, "axes")
    return [input.reshaped(Shape(try inserting(axes, into: input.shape.dimensions, one: 1)))]
  }

  private func inserting<Extent>(
    _ axes: [Int], into extents: [Extent], one: Extent
  ) throws -> [Extent] {
    let places = try uniqueAxes(axes, rank: extents.count + axes.count).sorted()
    var result = extents
    for place in places { result.insert(one, at: place) }
    return result
  }
}

extension UnsqueezeOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.reshape(site.outputGradient(), to: site.shape(0))])
  }
}
