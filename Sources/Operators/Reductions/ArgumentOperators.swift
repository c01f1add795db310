import Kernels
import ModelGraph
import Tensors

/// An operator that finds where along an axis an extreme element lies.
///
/// Attributes: `axis` (0), `keepdims` (1), `select_last_index` (0): of equal elements the last
/// instead of the first. A NaN counts as extreme. All number types; the result is int64.
protocol ArgumentOperator: NumericOperator {
  var attributes: ArgumentAttributes { get }

  /// Whether `a` is more extreme than `b`.
  static func isBeyond<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool
}

/// The attributes of ArgMax and ArgMin.
struct ArgumentAttributes {
  let axis: Int
  let keepsDimension: Bool
  let selectsLast: Bool

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 0)
    keepsDimension = try attributes.flag("keepdims", default: true)
    selectsLast = try attributes.flag("select_last_index", default: false)
  }

  /// What remains of `extents` without `axis`.
  func remaining<Extent>(_ extents: [Extent], _ axis: Int, one: Extent) -> [Extent] {
    var result = extents
    if keepsDimension { result[axis] = one } else { result.remove(at: axis) }
    return result
  }
}

/// `ArgMax` (ai.onnx 13): the index of the largest element along an axis.
struct ArgMaxOperator: ArgumentOperator {
  static let opType = "ArgMax"
  let attributes: ArgumentAttributes
  init(_ attributes: inout AttributeReader) throws {
    self.attributes = try ArgumentAttributes(&attributes)
  }
  static func isBeyond<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a > b }
}

/// `ArgMin` (ai.onnx 13): the index of the smallest element along an axis.
struct ArgMinOperator: ArgumentOperator {
  static let opType = "ArgMin"
  let attributes: ArgumentAttributes
  init(_ attributes: inout AttributeReader) throws {
    self.attributes = try ArgumentAttributes(&attributes)
  }
  static func isBeyond<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool { a < b }
}

extension ArgumentOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] {
    guard let dimensions = try context.type(0, "data").dimensions else { return [.unknown(.int64)] }
    let axis = try normalized(axis: attributes.axis, rank: dimensions.count)
    return [TensorType(.int64, attributes.remaining(dimensions, axis, one: .fixed(1)))]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "data")
    let axis = try input.shape.checkedAxis(attributes.axis)
    let split = AxisSplit(input.shape, axis: axis)
    let shape = Shape(attributes.remaining(input.shape.dimensions, axis, one: 1))
    guard split.extent > 0 || shape.elementCount == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "an element along axis \(axis)", found: input.shape)
    }
    let output = try context.allocate(.int64, shape)
    let (source, target) = (input.pointer(as: type), output.mutablePointer(as: Int64.self))
    let grain = max(1, Broadcast.grain / max(1, split.extent))
    Parallel.forEach(count: split.outer * split.inner, grain: grain) { range in
      for position in range {
        let first = source + position / split.inner * split.extent * split.inner
        target[position] = find(first + position % split.inner, split.extent, split.inner)
      }
    }
    return [output]
  }

  private func find<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ count: Int, _ step: Int
  ) -> Int64 {
    var best = 0
    for index in 1..<max(1, count) {
      let (a, b) = (source[index * step], source[best * step])
      let ties = a == b || (a.isNotANumber && b.isNotANumber)
      let isBeyond = (a.isNotANumber && !b.isNotANumber) || (Self.isBeyond(a, b))
      if isBeyond || (ties && attributes.selectsLast) { best = index }
    }
    return Int64(best)
  }
}
