import CZstd

/// A libzstd compression context, used by one thread at a time.
final class ZstdCompressor {
  /// How hard a frame is compressed.
  enum Effort {
    /// Blocks are stored as they are, as far as the search goes.
    case store
    /// Bytes are coded by how often they occur (Huffman), and hardly any repeats are looked for: on
    /// byte planes of weights this is smaller and several times faster than levels 1 to 9.
    case entropy
    /// Repeats are looked for at this level of zstd.
    case matches(Int32)
  }

  private let context: OpaquePointer

  init() throws(ImgcError) {
    guard let context = ZSTD_createCCtx() else {
      throw .compression(reason: "no memory for a compression context")
    }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One frame of `source` with content size and checksum.
  func compress(
    _ source: UnsafeRawBufferPointer, _ effort: Effort
  ) throws(ImgcError) -> [UInt8] {
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    try set(ZSTD_c_checksumFlag, 1)
    try set(ZSTD_c_contentSizeFlag, 1)
    switch effort {
    case .store: try set(ZSTD_c_compressionLevel, ZSTD_minCLevel())
    case .entropy:
      try set(ZSTD_c_compressionLevel, ZSTD_minCLevel())
      try set(czstd_literal_mode(), czstd_literals_compressed())
    case .matches(let level): try set(ZSTD_c_compressionLevel, level)
    }
    let bound = ZSTD_compressBound(source.count)
    var failure: ImgcError?
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let result = ZSTD_compress2(
        context, target.baseAddress, bound, source.baseAddress, source.count)
      if ZSTD_isError(result) != 0 {
        failure = .compression(reason: String(cString: ZSTD_getErrorName(result)))
        count = 0
      } else {
        count = result
      }
    }
    if let failure { throw failure }
    return frame
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(ImgcError) {
    let result = ZSTD_CCtx_setParameter(context, parameter, value)
    guard ZSTD_isError(result) == 0 else {
      throw .compression(reason: String(cString: ZSTD_getErrorName(result)))
    }
  }
}
