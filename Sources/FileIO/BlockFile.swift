import Glibc

/// A descriptor to which blocks are appended; used by one thread at a time.
final class BlockFile: @unchecked Sendable {
  /// How blocks reach the disk.
  enum Access {
    /// Through the page cache, whenever the system writes it out.
    case cached
    /// Past the page cache (`O_DIRECT`); blocks must be aligned. Cached where the file system has no
    /// direct access.
    case direct
    /// Through the page cache, but written out from now on and let go of soon after, so that a large
    /// file takes the place of little else in the cache; waits only where the disk's queue is full.
    case writeBehind
  }

  /// How many bytes are in the file.
  private(set) var byteCount = 0
  private let descriptor: Int32
  private let path: String
  private var access = Access.cached

  /// How many bytes behind the last block the cache lets go of the file: what most disks write in a
  /// tenth of a second or two.
  private static let lag = 64 << 20

  /// A file with nothing in it; `descriptor` stays the caller's, `path` is for messages.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Appends `block`; short writes and `EINTR` are continued.
  func write(_ block: UnsafeMutableRawBufferPointer) throws(FileIOError) {
    var done = 0
    while done < block.count {
      let count = Glibc.write(
        descriptor, block.baseAddress.map { $0 + done }, block.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EINVAL, access == .direct {
          use(.cached)
          continue
        }
        throw .system(call: "write", path: path, errno: errno)
      }
      done += count
      byteCount += count
    }
    if access == .writeBehind { writeOut(last: block.count) }
  }

  /// Appends blocks in another way from now on.
  func use(_ wanted: Access) {
    if access == .direct, wanted != .direct { _ = setDirect(false) }
    access = wanted == .direct && !setDirect(true) ? .cached : wanted
  }

  /// Has the system begin to write the last bytes to the disk, and let go of those before that it
  /// has written: both are what `POSIX_FADV_DONTNEED` does, the second for pages that are clean. Only
  /// a wish: where it is not heard the file is merely cached.
  private func writeOut(last count: Int) {
    letGo(count, before: byteCount)
    letGo(count, before: byteCount - Self.lag)
  }

  private func letGo(_ count: Int, before end: Int) {
    guard end >= count else { return }
    _ = posix_fadvise(descriptor, end - count, count, POSIX_FADV_DONTNEED)
  }

  /// `fcntl(F_SETFL)` with or without `O_DIRECT`; false where the file system has none.
  private func setDirect(_ isDirect: Bool) -> Bool {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0 else { return false }
    return fcntl(descriptor, F_SETFL, isDirect ? flags | Self.flag : flags & ~Self.flag) == 0
  }

  /// `O_DIRECT`, a macro that differs between architectures.
  #if arch(arm64) || arch(arm)
    private static let flag: Int32 = 0o200_000
  #else
    private static let flag: Int32 = 0o40_000
  #endif
}
