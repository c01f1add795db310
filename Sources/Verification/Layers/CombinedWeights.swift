import Tensors

/// The tensors of a candidate, and after them those of its reference under a prefix.
struct CombinedWeights: TensorSource {
  /// What the reference's names begin with.
  static let prefix = "reference:"

  let tensors: [TensorInfo]
  private let candidate: any TensorSource
  private let reference: any TensorSource

  init(candidate: any TensorSource, reference: any TensorSource) {
    self.candidate = candidate
    self.reference = reference
    tensors =
      candidate.tensors
      + reference.tensors.map {
        TensorInfo(
          name: Self.prefix + $0.name, dtype: $0.dtype, shape: $0.shape, byteCount: $0.byteCount)
      }
  }

  func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let count = candidate.tensors.count
    if index < count {
      try candidate.read(index, at: offset, into: buffer)
    } else {
      try reference.read(index - count, at: offset, into: buffer)
    }
  }

  func checkUnchanged() throws {
    try candidate.checkUnchanged()
    try reference.checkUnchanged()
  }
}
