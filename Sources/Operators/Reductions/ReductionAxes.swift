import Kernels
import ModelGraph
import Tensors

/// Which axes a Reduce operator reduces, and what remains of the shape: the attributes `keepdims`
/// (1) and `noop_with_empty_axes` (0), and the optional input `axes`.
struct ReductionAxes {
  private let keepsDimensions: Bool
  private let isNoOperationWithoutAxes: Bool

  init(_ attributes: inout AttributeReader) throws {
    keepsDimensions = try attributes.flag("keepdims", default: true)
    isNoOperationWithoutAxes = try attributes.flag("noop_with_empty_axes", default: false)
  }

  /// The reduced axes of a tensor of `rank` axes, sorted.
  ///
  /// - Throws: `OperatorError.attribute` for an axis out of range or given twice.
  func reduced(_ axes: [Int]?, rank: Int) throws -> [Int] {
    guard let axes, !axes.isEmpty else {
      return isNoOperationWithoutAxes ? [] : Array(0..<rank)
    }
    return try uniqueAxes(axes, rank: rank).sorted()
  }

  /// What remains of `extents` without the axes `reduced`.
  func remaining<Extent>(_ extents: [Extent], _ reduced: [Int], one: Extent) -> [Extent] {
    extents.indices.compactMap { axis in
      guard reduced.contains(axis) else { return extents[axis] }
      return keepsDimensions ? one : nil
    }
  }

  /// The type of the result of reducing input 0 along the axes of input 1.
  func infer(_ context: InferenceContext) throws -> TensorType {
    let type = try context.type(0, "data")
    guard let dimensions = type.dimensions else { return .unknown(type.dtype) }
    guard !context.has(1) || context.ints(1) != nil else {
      let count = context.optionalType(1)?.dimensions?.first?.fixedValue
      let rank = keepsDimensions ? dimensions.count : count.map { dimensions.count - $0 }
      return .unknown(type.dtype, rank: (count == 0) ? nil : rank.map { max($0, 0) })
    }
    let axes = try reduced(context.ints(1), rank: dimensions.count)
    return TensorType(type.dtype, remaining(dimensions, axes, one: .fixed(1)))
  }
}

/// `axes` counted from the start, in their order.
///
/// - Throws: `OperatorError.attribute` for an axis out of range or given twice.
func uniqueAxes(_ axes: [Int], rank: Int) throws -> [Int] {
  let normal = try axes.map { try normalized(axis: $0, rank: rank, attribute: "axes") }
  guard Set(normal).count == normal.count else {
    throw OperatorError.attribute("axes", expected: "no axis twice", found: "\(axes)")
  }
  return normal
}

extension ExecutionContext {
  /// `input` with the axes `reduced` (sorted) gathered into one: as `[outer, axis, inner]`, moved to
  /// the end first where other axes lie between them.
  func gathering(_ reduced: [Int], of input: Tensor) throws -> (data: Tensor, split: AxisSplit) {
    let shape = input.shape
    let real = reduced.filter { shape[$0] != 1 }
    guard let first = real.first, let last = real.last else {
      return (input, AxisSplit(shape, axes: shape.rank..<shape.rank))
    }
    if (first...last).allSatisfy({ real.contains($0) || shape[$0] == 1 }) {
      return (input, AxisSplit(shape, axes: first..<(last + 1)))
    }
    let order = shape.dimensions.indices.filter { !reduced.contains($0) } + reduced
    let moved = try allocate(input.dtype, Shape(order.map { shape[$0] }))
    StridedCopy(
      extents: moved.shape.dimensions, sourceStrides: order.map { shape.strides[$0] },
      targetStrides: moved.shape.strides, byteWidth: input.dtype.byteWidth
    ).run(from: input.rawPointer, to: moved.mutableRawPointer)
    let kept = shape.rank - reduced.count
    return (moved, AxisSplit(moved.shape, axes: kept..<shape.rank))
  }
}
