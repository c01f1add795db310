import CZstd

/// A libzstd decompression context, used by one thread at a time.
final class ZstdDecompressor {
  private let context: OpaquePointer

  init() throws(ImgcError) {
    guard let context = ZSTD_createDCtx() else {
      throw .compression(reason: "no memory for a decompression context")
    }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// `ZSTD_decompressDCtx`: the bytes written, or an error of libzstd's.
  func decompress(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    ZSTD_decompressDCtx(
      context, target.baseAddress, target.count, frame.baseAddress, frame.count)
  }
}
