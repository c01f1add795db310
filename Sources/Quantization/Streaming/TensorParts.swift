import Operators
import Tensors

/// A stored tensor's elements by parts, as fp32: read as they are asked for where they stand in a
/// file as they are, else out of memory.
struct TensorParts {
  private let source: any TensorSource
  private let index: Int
  private let whole: Tensor?

  /// - Parameter buffers: where the memory of a tensor that is read whole comes from.
  init(_ source: any TensorSource, _ index: Int, _ buffers: ReusableBuffer) throws {
    self.source = source
    self.index = index
    whole = source.location(index) == nil ? try source.tensorInParallel(index, buffers) : nil
  }

  /// The elements of these row-major numbers, `[count]`; may be called from several threads.
  ///
  /// - Throws: the source's error, or `TensorError.outOfMemory`.
  func floats(_ range: Range<Int>) throws -> Tensor {
    let dtype = source.tensors[index].dtype
    let start = range.lowerBound * dtype.byteWidth
    if let whole {
      return try Tensor(
        dtype, [range.count], buffer: whole.buffer, byteOffset: whole.byteOffset + start
      ).converted(to: .float32)
    }
    let part = try Tensor(uninitialized: dtype, [range.count])
    try source.read(
      index, at: start,
      into: UnsafeMutableRawBufferPointer(start: part.buffer.base, count: part.byteCount))
    return try part.converted(to: .float32)
  }
}
