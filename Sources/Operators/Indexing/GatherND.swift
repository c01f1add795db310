import ModelGraph
import Tensors

/// `GatherND` (ai.onnx 13): the slices of `data` that the index tuples along the last axis of
/// `indices` point to, after `batch_dims` (0) leading axes that both share. All types.
struct GatherNDOperator: Operator {
  static let opType = "GatherND"

  private let batchCount: Int

  init(_ attributes: inout AttributeReader) throws {
    batchCount = try attributes.int("batch_dims", default: 0)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (data, indices) = (try context.type(0, "data"), try context.type(1, "indices"))
    guard let extents = data.dimensions, let tuples = indices.dimensions,
      let length = tuples.last?.fixedValue, batchCount >= 0,
      length <= extents.count - batchCount
    else { return [.unknown(data.dtype)] }
    return [TensorType(data.dtype, tuples.dropLast() + extents[(batchCount + length)...])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let (data, indices) = (try context.input(0, "data"), try context.input(1, "indices"))
      let offsets = try tupleOffsets(
        data.shape, indices.shape, try context.integers(1, "indices"), batch: batchCount)
      let kept = data.shape.dimensions[(batchCount + indices.shape[indices.shape.rank - 1])...]
      let output = try context.allocate(
        data.dtype, Shape.checked(indices.shape.dimensions.dropLast() + kept))
      let length = kept.reduce(1, *)
      guard output.elementCount > 0 else { return [output] }
      let split = AxisSplit([data.elementCount / length, length], axis: 0)
      GatheredSlices(split: split, byteWidth: data.dtype.byteWidth)
        .copy(offsets.map { $0 / length }, from: data.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }
}
