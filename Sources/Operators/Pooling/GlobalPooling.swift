import Kernels
import ModelGraph
import Tensors

/// The part that the global pools share: one result a plane of `X [N, C, D…]`.
enum GlobalPooling {
  /// `X [N, C, D…]` gives `[N, C, 1…]`.
  static func infer(_ input: TensorType) throws -> TensorType {
    guard let dimensions = input.dimensions else { return input }
    try check(rank: dimensions.count, Shape([]))
    let ones = [Dimension](repeating: .fixed(1), count: dimensions.count - 2)
    return TensorType(input.dtype, Array(dimensions[..<2]) + ones)
  }

  /// Reduces each plane to what `reduce` makes of its elements.
  static func run<Real: RealElement>(
    _ context: ExecutionContext, as type: Real.Type,
    _ reduce: (UnsafeBufferPointer<Real>) -> Real
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    try check(rank: input.shape.rank, input.shape)
    let ones = [Int](repeating: 1, count: input.shape.rank - 2)
    let output = try context.allocate(input.dtype, Shape(input.shape.dimensions[..<2] + ones))
    let count = input.shape.elementCount(of: 2..<input.shape.rank)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    Parallel.forEachIndex(count: output.elementCount) { plane in
      target[plane] = reduce(UnsafeBufferPointer(start: source + plane * count, count: count))
    }
    return [output]
  }

  private static func check(rank: Int, _ shape: Shape) throws {
    guard rank >= 2 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: shape)
    }
  }
}
