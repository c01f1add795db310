import ModelGraph
import Tensors

/// `ReverseSequence` (ai.onnx 28): along `time_axis` (0), the first `sequence_lens[i]` elements of
/// each slice i of `batch_axis` (1) in reverse, the rest as they are. All types.
struct ReverseSequenceOperator: Operator {
  static let opType = "ReverseSequence"

  private let batchAxis: Int
  private let timeAxis: Int

  init(_ attributes: inout AttributeReader) throws {
    batchAxis = try attributes.int("batch_axis", default: 1)
    timeAxis = try attributes.int("time_axis", default: 0)
    guard [[0, 1], [1, 0]].contains([batchAxis, timeAxis]) else {
      throw OperatorError.attribute(
        "time_axis", expected: "0 or 1, and batch_axis the other",
        found: "\(timeAxis) and \(batchAxis)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "input")] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let lengths = try context.integers(1, "sequence_lens")
      let shape = input.shape
      guard shape.rank >= 2, lengths.count == shape[batchAxis] else {
        throw OperatorError.inputShape(
          index: 0, expected: "rank 2 or more, \(lengths.count) sequences", found: shape)
      }
      guard lengths.allSatisfy({ 0...shape[timeAxis] ~= $0 }) else {
        throw OperatorError.inputValue(
          index: 1, expected: "lengths of 0 to \(shape[timeAxis])", found: "\(lengths)")
      }
      let output = try context.allocate(input.dtype, shape)
      let bytes = shape.elementCount(of: 2..<shape.rank) * input.dtype.byteWidth
      for batch in 0..<shape[batchAxis] {
        for time in 0..<shape[timeAxis] {
          let from = time < lengths[batch] ? lengths[batch] - 1 - time : time
          (output.mutableRawPointer + row(batch, time, shape) * bytes).copyMemory(
            from: input.rawPointer + row(batch, from, shape) * bytes, byteCount: bytes)
        }
      }
      return [output]
    }
  }

  private func row(_ batch: Int, _ time: Int, _ shape: Shape) -> Int {
    batchAxis == 0 ? batch * shape[1] + time : time * shape[1] + batch
  }
}
