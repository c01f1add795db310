import CImgKernels
import Crypto

/// A SHA-256 that takes bytes in as they come.
///
/// On CPUs with SHA-256 instructions the kernels' own digest runs, which does two at once in the
/// time of one; elsewhere swift-crypto's. The digests are the same.
struct StreamDigest {
  private var kernel = imgk_sha256()
  private var portable: SHA256?

  private static let usesKernel = imgk_sha256_is_fast() != 0

  init() {
    imgk_sha256_begin(&kernel)
    if !Self.usesKernel { portable = SHA256() }
  }

  /// The digest of `bytes` in lower-case hexadecimal.
  static func hexadecimal(of bytes: UnsafeRawBufferPointer) -> String {
    var digest = StreamDigest()
    digest.update(bytes)
    return digest.hexadecimal
  }

  /// Takes in `bytes`.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if portable != nil {
      portable?.update(bufferPointer: bytes)
    } else {
      imgk_sha256_update(&kernel, bytes.baseAddress, bytes.count)
    }
  }

  /// Takes `firstBytes` into `first` and `secondBytes` into `second`, both at once.
  static func update(
    _ first: inout StreamDigest, _ firstBytes: UnsafeRawBufferPointer,
    _ second: inout StreamDigest, _ secondBytes: UnsafeRawBufferPointer
  ) {
    guard usesKernel else {
      first.update(firstBytes)
      second.update(secondBytes)
      return
    }
    imgk_sha256_update_two(
      &first.kernel, firstBytes.baseAddress, firstBytes.count, &second.kernel,
      secondBytes.baseAddress, secondBytes.count)
  }

  /// The digest of what was taken in, in lower-case hexadecimal; more may follow.
  var hexadecimal: String {
    if let portable { return ImgcFormat.hexadecimal(portable.finalize()) }
    var copy = kernel
    var result = [UInt8](repeating: 0, count: 32)
    imgk_sha256_end(&copy, &result)
    return ImgcFormat.hexadecimal(result)
  }
}
