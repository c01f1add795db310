import ModelGraph
import Tensors

/// `Transpose` (ai.onnx 25): the axes in the order `perm` (reversed where left out). All types.
///
/// Where only axes of extent 1 change places, the elements are not copied.
struct TransposeOperator: Operator {
  static let opType = "Transpose"

  private let permutation: [Int]?

  init(_ attributes: inout AttributeReader) throws {
    permutation = try attributes.optionalInts("perm")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard let dimensions = type.dimensions else {
      return [.unknown(type.dtype, rank: permutation?.count)]
    }
    return [TensorType(type.dtype, try order(rank: dimensions.count).map { dimensions[$0] })]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "data")
      let order = try order(rank: input.shape.rank)
      let shape = Shape(order.map { input.shape[$0] })
      let moved = order.filter { input.shape[$0] != 1 }
      if moved == moved.sorted() { return [input.reshaped(shape)] }
      let output = try context.allocate(input.dtype, shape)
      StridedCopy(
        extents: shape.dimensions, sourceStrides: order.map { input.shape.strides[$0] },
        targetStrides: shape.strides, byteWidth: input.dtype.byteWidth
      ).run(from: input.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }

  /// Which axis of the input each axis of the result is.
  func order(rank: Int) throws -> [Int] {
    guard let permutation else { return Array((0..<rank).reversed()) }
    let order = try permutation.map { try normalized(axis: $0, rank: rank, attribute: "perm") }
    guard order.count == rank, Set(order).count == rank else {
      throw OperatorError.attribute(
        "perm", expected: "each of \(rank) axes once", found: "\(permutation)")
    }
    return order
  }
}

extension TransposeOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let order = try order(rank: site.shape(0).rank)
    var inverse = order
    for (place, axis) in order.enumerated() { inverse[axis] = place }
    return [site.transpose(try site.outputGradient(), inverse)]
  }
}
