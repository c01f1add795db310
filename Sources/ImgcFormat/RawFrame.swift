import CImgKernels

/// Writes zstd frames of raw blocks (RFC 8878, section 3.1.1), for planes that do not compress.
enum RawFrame {
  private static let blockSize = 128 << 10

  /// Appends the frame of `plain` to `frames`, without copying it: what stands between its blocks is
  /// put into `room`, of which the number of bytes used is given back.
  ///
  /// `room` needs 17 bytes and 3 for each 128 KiB begun; both memories are to outlive `frames`.
  static func append(
    _ plain: UnsafeRawBufferPointer, to frames: inout ByteRuns,
    room: UnsafeMutableRawBufferPointer
  ) -> Int {
    var used = 0
    func put(_ value: UInt64, _ width: Int) {
      for byte in 0..<width {
        room[used + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
      }
      frames.append(UnsafeRawBufferPointer(rebasing: room[used..<(used + width)]))
      used += width
    }
    put(0xFD2F_B528, 4)
    let width = contentSizeWidth(plain.count)
    // Content size flag, single segment, checksum.
    let flag: UInt64 = width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3
    put(flag << 6 | 0x20 | 0x04, 1)
    put(UInt64(width == 2 ? plain.count - 256 : plain.count), width)
    var begin = 0
    repeat {
      let end = min(plain.count, begin + blockSize)
      put(UInt64(end - begin) << 3 | (end == plain.count ? 1 : 0), 3)
      frames.append(UnsafeRawBufferPointer(rebasing: plain[begin..<end]))
      begin = end
    } while begin < plain.count
    put(imgk_xxh64(plain.baseAddress, plain.count) & 0xFFFF_FFFF, 4)
    return used
  }

  private static func contentSizeWidth(_ count: Int) -> Int {
    count < 256 ? 1 : count < 65_536 + 256 ? 2 : count <= Int(UInt32.max) ? 4 : 8
  }
}
