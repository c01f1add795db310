import Synchronization
import Tensors

/// Memory that one tensor after another is read into, so that the system need not clear new pages
/// for each.
final class ReusableBuffer: Sendable {
  private let idle = Mutex<TensorBuffer?>(nil)

  /// A buffer of `byteCount` bytes or more, whose memory may be used again once it is let go.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  func buffer(byteCount: Int) throws -> TensorBuffer {
    let kept = idle.withLock { idle in
      defer { idle = nil }
      return idle
    }
    let memory =
      if let kept, kept.byteCount >= byteCount { kept } else {
        try TensorBuffer(byteCount: byteCount)
      }
    return TensorBuffer(base: memory.base, byteCount: memory.byteCount) { [self] _ in
      idle.withLock { $0 = memory }
    }
  }
}
