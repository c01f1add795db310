import CZstd

/// A libzstd compression context, used by one thread at a time.
final class ZstdCompressor {
  /// How hard a frame is compressed.
  enum Effort {
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

  /// The most bytes that a frame of `count` bytes can take.
  static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Writes one frame of `source`, with content size and checksum, to `target`, which has the
  /// bound's room, and gives back its size.
  func compress(
    _ source: UnsafeRawBufferPointer, _ effort: Effort, to target: UnsafeMutableRawBufferPointer
  ) throws(ImgcError) -> Int {
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    try set(ZSTD_c_checksumFlag, 1)
    try set(ZSTD_c_contentSizeFlag, 1)
    switch effort {
    case .entropy:
      try set(ZSTD_c_compressionLevel, ZSTD_minCLevel())
      try set(czstd_literal_mode(), czstd_literals_compressed())
    case .matches(let level): try set(ZSTD_c_compressionLevel, level)
    }
    let result = ZSTD_compress2(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    guard ZSTD_isError(result) == 0 else {
      throw .compression(reason: String(cString: ZSTD_getErrorName(result)))
    }
    return result
  }

  /// One frame of `source`.
  func frame(_ source: [UInt8], _ effort: Effort) throws(ImgcError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Self.bound(source.count))
    var span = frame.mutableSpan
    let count = try span.withUnsafeMutableBytes { target throws(ImgcError) in
      try source.span.withUnsafeBytes { bytes throws(ImgcError) in
        try compress(bytes, effort, to: target)
      }
    }
    frame.removeLast(frame.count - count)
    return frame
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(ImgcError) {
    let result = ZSTD_CCtx_setParameter(context, parameter, value)
    guard ZSTD_isError(result) == 0 else {
      throw .compression(reason: String(cString: ZSTD_getErrorName(result)))
    }
  }
}
