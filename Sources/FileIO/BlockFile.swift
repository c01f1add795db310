import Glibc

/// A descriptor to which blocks are appended, through the page cache or past it (`O_DIRECT`); used by
/// one thread at a time.
final class BlockFile: @unchecked Sendable {
  /// How many bytes are in the file.
  private(set) var byteCount = 0
  private let descriptor: Int32
  private let path: String
  private var isDirect = false

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
        if errno == EINVAL, isDirect {
          leaveDirect()
          continue
        }
        throw .system(call: "write", path: path, errno: errno)
      }
      done += count
      byteCount += count
    }
  }

  /// Goes past the cache, where the file system can; blocks must then be aligned.
  func enterDirect() { isDirect = setDirect(true) }

  /// Goes through the cache.
  func leaveDirect() {
    if isDirect { _ = setDirect(false) }
    isDirect = false
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
