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
    /// Past the page cache while the disk keeps up, through it where blocks pile up (`isBehind`), so
    /// that nobody waits for a slow disk and a fast one costs no pages of the cache.
    case whicheverIsReady
  }

  /// How many bytes are in the file.
  private(set) var byteCount = 0
  private let descriptor: Int32
  private let path: String
  private var access = Access.cached
  private var isDirect = false

  /// A file with nothing in it; `descriptor` stays the caller's, `path` is for messages.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Appends `block`; short writes and `EINTR` are continued.
  ///
  /// - Parameter isBehind: whether blocks pile up before the file; `whicheverIsReady` asks.
  func write(
    _ block: UnsafeMutableRawBufferPointer, isBehind: Bool = false
  ) throws(FileIOError) {
    if access == .whicheverIsReady { setDirect(!isBehind) }
    var done = 0
    while done < block.count {
      let count = Glibc.write(
        descriptor, block.baseAddress.map { $0 + done }, block.count - done)
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if code == EINVAL, isDirect {
          use(.cached)
          if !isDirect { continue }
        }
        throw .system(call: "write", path: path, errno: code)
      }
      done += count
      byteCount += count
    }
  }

  /// Appends blocks in another way from now on.
  func use(_ wanted: Access) {
    access = wanted
    setDirect(wanted != .cached)
  }

  /// Sets or clears `O_DIRECT`; where the file system has none, blocks are cached from now on.
  private func setDirect(_ wanted: Bool) {
    guard wanted != isDirect else { return }
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0,
      fcntl(descriptor, F_SETFL, wanted ? flags | Self.flag : flags & ~Self.flag) == 0
    else {
      access = .cached
      return
    }
    isDirect = wanted
  }

  /// `O_DIRECT`, a macro that differs between architectures.
  #if arch(arm64) || arch(arm)
    private static let flag: Int32 = 0o200_000
  #else
    private static let flag: Int32 = 0o40_000
  #endif
}
