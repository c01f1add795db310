import FileIO
import Tensors

/// Keeps the reference's tensors until the candidate's are there: the first in memory, what is more
/// than `memoryLimit` in a temporary file.
final class TensorCache {
  /// A tensor that is kept.
  enum Kept {
    case inMemory(Tensor)
    case inFile(DType, Shape, offset: UInt64)
  }

  private let memoryLimit: Int
  private var memory = 0
  private var file: ScratchFile?

  /// A cache that holds at most `memoryLimit` bytes in memory.
  init(memoryLimit: Int = 256 << 20) { self.memoryLimit = memoryLimit }

  /// Keeps `tensor`; strings stay in memory.
  ///
  /// - Throws: `FileIOError`.
  func keep(_ tensor: Tensor) throws -> Kept {
    if tensor.dtype == .string || memory + tensor.byteCount <= memoryLimit {
      memory += tensor.byteCount
      return .inMemory(tensor)
    }
    let file = try self.file ?? ScratchFile()
    self.file = file
    let offset = try tensor.withBytes { try file.append($0) }
    return .inFile(tensor.dtype, tensor.shape, offset: offset)
  }

  /// What was kept.
  ///
  /// - Throws: `FileIOError`, `TensorError.outOfMemory`.
  func tensor(_ kept: Kept) throws -> Tensor {
    switch kept {
    case .inMemory(let tensor): return tensor
    case .inFile(let dtype, let shape, let offset):
      let tensor = try Tensor(uninitialized: dtype, shape)
      try file?.read(
        into: UnsafeMutableRawBufferPointer(
          start: tensor.mutablePointer(as: UInt8.self), count: tensor.byteCount), at: offset)
      return tensor
    }
  }
}
