import CImgKernels

/// Writes zstd frames of raw blocks (RFC 8878, section 3.1.1), for planes that do not compress.
enum RawFrame {
  private static let blockSize = 128 << 10

  /// The bytes of the frame of `count` bytes.
  static func byteCount(_ count: Int) -> Int {
    4 + 1 + contentSizeWidth(count) + max(1, (count + blockSize - 1) / blockSize) * 3 + count + 4
  }

  /// Writes the frame of `plain` to `target`, which has room for it, and gives back its size.
  static func write(
    _ plain: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    var position = 0
    func put(_ value: UInt64, _ width: Int) {
      for byte in 0..<width {
        target[position + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
      }
      position += width
    }
    put(0xFD2F_B528, 4)
    let width = contentSizeWidth(plain.count)
    // Content size flag, single segment, checksum.
    let flag: UInt64 = width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3
    put(flag << 6 | 0x20 | 0x04, 1)
    put(UInt64(width == 2 ? plain.count - 256 : plain.count), width)
    var begin = 0
    repeat {
      let count = min(blockSize, plain.count - begin)
      put(UInt64(count) << 3 | (begin + count == plain.count ? 1 : 0), 3)
      UnsafeMutableRawBufferPointer(rebasing: target[position..<(position + count)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: plain[begin..<(begin + count)]))
      position += count
      begin += count
    } while begin < plain.count
    put(imgk_xxh64(plain.baseAddress, plain.count) & 0xFFFF_FFFF, 4)
    return position
  }

  private static func contentSizeWidth(_ count: Int) -> Int {
    count < 256 ? 1 : count < 65_536 + 256 ? 2 : count <= Int(UInt32.max) ? 4 : 8
  }
}
