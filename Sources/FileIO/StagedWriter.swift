import Glibc

/// Appends bytes to a descriptor through a buffer, in blocks of 4 MiB; a large file's blocks go to
/// the disk past the page cache (`O_DIRECT`).
///
/// Every page of a cached write has to be found, cleared and written out again later, which costs
/// as much time as coding the weights; a model of many gigabytes would also drive everything else
/// out of the cache. Small files are written through the cache, and so is everything where the file
/// system has no direct access.
final class StagedWriter {
  private let descriptor: Int32
  private let path: String
  private let buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  /// How many bytes are in the file.
  private var written = 0
  private var access = Access.cached

  private enum Access {
    /// Through the page cache; direct access is tried when the file has grown large.
    case cached
    case direct
    /// Through the page cache for good.
    case onlyCached
  }

  private static let blockSize = 4 << 20
  /// From this size on blocks are written past the cache.
  private static let directFrom = 16 << 20
  /// What direct access asks of memory, offsets and sizes, on any device in use.
  private static let alignment = 4096

  /// A writer to `descriptor`, which stays the caller's; `path` is for messages.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.blockSize, alignment: Self.alignment)
  }

  deinit { buffer.deallocate() }
}

extension StagedWriter {
  /// Appends `bytes`; they may be in the buffer until `flush`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileIOError) {
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, buffer.count - used)
      UnsafeMutableRawBufferPointer(rebasing: buffer[used..<(used + count)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
      used += count
      done += count
      if used == buffer.count { try writeBlock() }
    }
  }

  /// Writes what is in the buffer.
  func flush() throws(FileIOError) {
    leaveDirect()
    try writeBuffer()
  }

  private func writeBlock() throws(FileIOError) {
    if access == .cached, written >= Self.directFrom { enterDirect() }
    try writeBuffer()
  }

  /// Writes the buffer out; short writes and `EINTR` are continued.
  private func writeBuffer() throws(FileIOError) {
    var done = 0
    while done < used {
      let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, used - done)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EINVAL, access == .direct {
          leaveDirect()
          continue
        }
        throw .system(call: "write", path: path, errno: errno)
      }
      done += count
      written += count
    }
    used = 0
  }

  private func enterDirect() {
    access = setDirect(true) ? .direct : .onlyCached
  }

  private func leaveDirect() {
    if access == .direct { _ = setDirect(false) }
    access = .onlyCached
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
