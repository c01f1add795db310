import Glibc

/// An open regular file that is read by position.
///
/// Reads are `pread(2)` calls, never a mapping: a file that somebody truncates meanwhile gives
/// `FileIOError.shortRead` and no SIGBUS. All methods may be called from several threads at once.
public final class InputFile: Sendable {
  /// The path as given, for messages.
  public let path: String
  /// The size in bytes when the file was opened.
  public let size: UInt64
  /// The file's device and inode, which tell hard links of one file apart from copies.
  public let identity: FileIdentity
  /// How many names (hard links) the file had when it was opened.
  public let linkCount: UInt64

  private let descriptor: Int32
  private let stamp: FileStamp

  /// Opens `path` for reading.
  ///
  /// - Throws: `FileIOError.system` where it cannot be opened, `.notRegularFile` for a folder, a
  ///   FIFO, a socket or a device.
  public convenience init(path: String) throws(FileIOError) {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalidPath(path: path) }
    // O_NONBLOCK keeps the open of a FIFO from waiting for a writer; it has no effect on files.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
    try self.init(adopting: descriptor, path: path)
  }

  /// Takes over `descriptor`, which was opened for reading; it is closed on failure too.
  package init(adopting descriptor: Int32, path: String) throws(FileIOError) {
    let status: FileStatus
    do throws(FileIOError) {
      status = try FileStatus(descriptor: descriptor, path: path)
      guard status.isRegular else {
        throw .notRegularFile(path: path, kind: status.kindName)
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    size = status.stamp.size
    identity = status.identity
    linkCount = status.linkCount
    stamp = status.stamp
  }

  deinit {
    close(descriptor)
  }
}

extension InputFile {
  /// Fills `buffer` with the bytes that start at `offset`.
  ///
  /// Short reads and `EINTR` are continued.
  ///
  /// - Throws: `FileIOError.shortRead` where the file ends before the buffer is full.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileIOError) {
    try PositionedRead.fill(
      buffer, from: descriptor, at: offset, path: path, fileSize: size)
  }

  /// The `byteCount` bytes that start at `offset`.
  ///
  /// The range is checked against the file's size before anything is allocated.
  public func bytes(at offset: UInt64, count byteCount: Int) throws(FileIOError) -> [UInt8] {
    guard byteCount >= 0, offset <= size, UInt64(byteCount) <= size - offset else {
      throw .shortRead(path: path, offset: offset, byteCount: byteCount, fileSize: size)
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var span = bytes.mutableSpan
    try span.withUnsafeMutableBytes { buffer throws(FileIOError) in
      try read(into: buffer, at: offset)
    }
    return bytes
  }

  /// Compares size, modification time and change time with those at opening.
  ///
  /// - Throws: `FileIOError.changedWhileRead` where any of them differs.
  public func checkUnchanged() throws(FileIOError) {
    let now = try FileStatus(descriptor: descriptor, path: path)
    guard now.stamp == stamp else { throw .changedWhileRead(path: path) }
  }

  /// Tells the kernel that the whole file will be read from front to back.
  public func adviseSequential() {
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }
}
