import ModelGraph
import Tensors

/// `Flatten` (ai.onnx 25): a matrix of the extents before and from `axis` (1) on. All types.
struct FlattenOperator: Operator {
  static let opType = "Flatten"

  private let axis: Int

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard let dimensions = type.dimensions else { return [.unknown(type.dtype, rank: 2)] }
    let place = try split(rank: dimensions.count)
    return [
      TensorType(type.dtype, [product(dimensions[..<place]), product(dimensions[place...])])
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let place = try split(rank: input.shape.rank)
    let rows = input.shape.elementCount(of: 0..<place)
    let columns = input.shape.elementCount(of: place..<input.shape.rank)
    return [input.reshaped([rows, columns])]
  }

  /// `axis` counted from the start; it may be the rank itself.
  private func split(rank: Int) throws -> Int {
    axis == rank ? rank : try normalized(axis: axis, rank: rank)
  }
}

extension FlattenOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.reshape(site.outputGradient(), to: site.shape(0))])
  }
}
