import ModelGraph
import Tensors

/// `TensorScatter` (ai.onnx 24): a copy of a cache in which an update replaces a run of places along
/// the sequence `axis` (−2), from `write_indices[batch]` (0) on; in `mode` "circular" the places
/// wrap around. Axis 0 is the batch. All types.
struct TensorScatterOperator: Operator {
  static let opType = "TensorScatter"

  private let axis: Int
  private let mode: Mode

  private enum Mode: String, CaseIterable { case linear, circular }

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -2)
    mode = try attributes.choice("mode", default: .linear)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "past_cache")]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.requireSameType(0, 1)
    return try context.movingStrings { context in
      let (cache, update) = (try context.input(0, "past_cache"), try context.input(1, "update"))
      let axis = try cache.shape.checkedAxis(axis)
      try check(cache.shape, update.shape, axis)
      let starts = try starts(context, cache.shape, update.shape[axis], axis)
      let output = try context.allocate(reusing: 0)
      if output.rawPointer != cache.rawPointer {
        output.mutableRawPointer.copyMemory(from: cache.rawPointer, byteCount: cache.byteCount)
      }
      let split = AxisSplit(cache.shape, axis: axis)
      let bytes = split.inner * cache.dtype.byteWidth
      let rowsPerBatch = cache.shape.elementCount(of: 1..<axis)
      for row in 0..<split.outer {
        for place in 0..<update.shape[axis] {
          let target = (starts[row / rowsPerBatch] + place) % split.extent
          (output.mutableRawPointer + (row * split.extent + target) * bytes).copyMemory(
            from: update.rawPointer + (row * update.shape[axis] + place) * bytes,
            byteCount: bytes)
        }
      }
      return [output]
    }
  }

  private func check(_ cache: Shape, _ update: Shape, _ axis: Int) throws {
    guard axis > 0 else {
      throw OperatorError.attribute("axis", expected: "not the batch", found: "\(axis)")
    }
    guard update.rank == cache.rank, update[axis] <= cache[axis],
      cache.dimensions.indices.allSatisfy({ $0 == axis || update[$0] == cache[$0] })
    else {
      throw OperatorError.inputShape(
        index: 1, expected: "\(cache), at most as long along axis \(axis)", found: update)
    }
  }

  /// Where each batch's update starts.
  private func starts(
    _ context: ExecutionContext, _ cache: Shape, _ length: Int, _ axis: Int
  ) throws -> [Int] {
    let starts =
      try context.optionalIntegers(2, "write_indices") ?? [Int](repeating: 0, count: cache[0])
    guard starts.count == cache[0] else {
      throw OperatorError.inputValue(
        index: 2, expected: "\(cache[0]) indices", found: "\(starts.count)")
    }
    return try starts.map { start in
      let isValid = start >= 0 && (mode == .circular || start <= cache[axis] - length)
      guard isValid else {
        throw OperatorError.inputValue(
          index: 2, expected: "0 to \(cache[axis] - length)", found: "\(start)")
      }
      return mode == .circular && cache[axis] > 0 ? start % cache[axis] : start
    }
  }
}
