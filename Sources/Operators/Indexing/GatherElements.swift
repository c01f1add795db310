import ModelGraph
import Tensors

/// `GatherElements` (ai.onnx 13): at each position the element of `data` at the same position but
/// for `axis` (0), where `indices` say. Negative indices count from the end. All types.
struct GatherElementsOperator: Operator {
  static let opType = "GatherElements"

  private let axis: Int

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 0)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(1, "indices").with(try context.type(0, "data").dtype)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let (data, indices) = (try context.input(0, "data"), try context.input(1, "indices"))
      let offsets = try elementOffsets(
        data.shape, indices.shape, try context.integers(1, "indices"),
        axis: try data.shape.checkedAxis(axis))
      let output = try context.allocate(data.dtype, indices.shape)
      let flat = AxisSplit([data.elementCount], axis: 0)
      GatheredSlices(split: flat, byteWidth: data.dtype.byteWidth)
        .copy(offsets, from: data.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }
}
