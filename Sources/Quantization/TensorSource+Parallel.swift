import Kernels
import Synchronization
import Tensors

extension TensorSource {
  /// Reads a whole tensor, large ones in parts on the kernels' threads.
  ///
  /// - Throws: the source's error, or `TensorError.outOfMemory`.
  func tensorInParallel(_ index: Int) throws -> Tensor {
    let info = tensors[index]
    let partSize = 8 << 20
    guard info.byteCount > partSize, !info.dtype.isSubByte, info.dtype != .string else {
      return try tensor(index)
    }
    let tensor = try Tensor(uninitialized: info.dtype, info.shape)
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
