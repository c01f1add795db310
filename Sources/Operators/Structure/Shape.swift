import ModelGraph
import Tensors

/// `Shape` (ai.onnx 15 … 25): the input's extents from axis `start` to before axis `end`, as int64.
///
/// Negative axes count from the end; both are clamped to the rank.
struct ShapeOperator: Operator {
  static let opType = "Shape"

  private let start: Int
  private let end: Int?

  init(_ attributes: inout AttributeReader) throws {
    start = try attributes.int("start", default: 0)
    end = try attributes.optionalInt("end")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    guard let rank = try context.type(0, "data").rank else {
      return [TensorType(.int64, [.unknown])]
    }
    return [TensorType(.int64, [.fixed(axes(rank: rank).count)])]
  }

  func fold(_ context: InferenceContext) throws -> [Tensor]? {
    guard let dimensions = try context.type(0, "data").dimensions else { return nil }
    let selected = dimensions[axes(rank: dimensions.count)].map(\.fixedValue)
    guard selected.allSatisfy({ $0 != nil }) else { return nil }
    return [try Tensor(selected.compactMap { $0.map(Int64.init) })]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let shape = try context.input(0, "data").shape
    return [try Tensor(shape.dimensions[axes(rank: shape.rank)].map(Int64.init))]
  }

  private func axes(rank: Int) -> Range<Int> {
    let first = clamped(start, rank: rank)
    let last = clamped(end ?? rank, rank: rank)
    return first..<max(first, last)
  }

  private func clamped(_ axis: Int, rank: Int) -> Int {
    min(max(axis < 0 ? axis + rank : axis, 0), rank)
  }
}

extension ShapeOperator: PiecewiseConstantOperator {}
