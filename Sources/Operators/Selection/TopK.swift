import Kernels
import ModelGraph
import Tensors

/// `TopK` (ai.onnx 24): the K (input 1) largest or smallest elements along `axis` (−1) and their
/// indices as int64, in order, of equal elements the first first. All number types.
///
/// Attributes: `largest` (1), `sorted` (1; the order is the same without). NaN counts as largest.
struct TopKOperator: NumericOperator {
  static let opType = "TopK"

  private let axis: Int
  private let isLargest: Bool

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
    isLargest = try attributes.flag("largest", default: true)
    _ = try attributes.flag("sorted", default: true)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "X")
    guard var dimensions = type.dimensions else { return [type, .unknown(.int64)] }
    let count = context.ints(1)?.first
    dimensions[try normalized(axis: axis, rank: dimensions.count)] =
      count.map { .fixed(max($0, 0)) } ?? .unknown
    return [TensorType(type.dtype, dimensions), TensorType(.int64, dimensions)]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let axis = try input.shape.checkedAxis(axis)
    let split = AxisSplit(input.shape, axis: axis)
    let count = try context.integer(1, "K")
    guard count >= 0, count <= split.extent else {
      throw OperatorError.inputValue(
        index: 1, expected: "0 to the axis's extent \(split.extent)", found: "\(count)")
    }
    var extents = input.shape.dimensions
    extents[axis] = count
    let values = try context.allocate(input.dtype, Shape(extents))
    let indices = try context.allocate(.int64, Shape(extents))
    let (source, chosen) = (input.pointer(as: type), values.mutablePointer(as: type))
    let positions = indices.mutablePointer(as: Int64.self)
    Parallel.forEachIndex(count: split.outer * split.inner) { row in
      let (outer, inner) = (row / split.inner, row % split.inner)
      let first = source + outer * split.extent * split.inner + inner
      let order = select(first, split.extent, split.inner, count)
      for (rank, index) in order.enumerated() {
        let target = (outer * count + rank) * split.inner + inner
        chosen[target] = first[index * split.inner]
        positions[target] = Int64(index)
      }
    }
    return [values, indices]
  }

  /// The indices of the first `count` elements in order.
  private func select<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ extent: Int, _ step: Int, _ count: Int
  ) -> ArraySlice<Int> {
    let order = (0..<extent).sorted { left, right in
      let (a, b) = (source[left * step], source[right * step])
      if a < b { return !isLargest }
      if b < a { return isLargest }
      if a.isNotANumber != b.isNotANumber { return a.isNotANumber == isLargest }
      return left < right
    }
    return order.prefix(count)
  }
}
