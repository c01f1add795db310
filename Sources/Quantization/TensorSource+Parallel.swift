import Kernels
import Synchronization
import Tensors

extension TensorSource {
  /// Reads a whole tensor, large ones in parts on the kernels' threads.
  ///
  /// - Parameter buffers: where the memory of a large one comes from, and goes back to; nil for
  ///   memory of its own.
  /// - Throws: the source's error, or `TensorError.outOfMemory`.
  func tensorInParallel(_ index: Int, _ buffers: ReusableBuffer? = nil) throws -> Tensor {
    let info = tensors[index]
    let partSize = 8 << 20
    guard info.byteCount > partSize, !info.dtype.isSubByte, info.dtype != .string else {
      return try tensor(index)
    }
    let tensor = try Tensor(
      info.dtype, info.shape,
      buffer: buffers?.buffer(byteCount: info.byteCount) ?? TensorBuffer(byteCount: info.byteCount))
    nonisolated(unsafe) let base = tensor.mutablePointer(as: UInt8.self)
    let failure = Mutex<(any Error)?>(nil)
    Parallel.forEachIndex(count: (info.byteCount + partSize - 1) / partSize) { part in
      let offset = part * partSize
      let buffer = UnsafeMutableRawBufferPointer(
        start: base + offset, count: min(partSize, info.byteCount - offset))
      do {
        try read(index, at: offset, into: buffer)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return tensor
  }
}
