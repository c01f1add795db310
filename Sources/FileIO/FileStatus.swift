import Glibc

/// A file's device and inode number.
public struct FileIdentity: Hashable, Sendable {
  /// The number of the device that holds the file.
  public let device: UInt64
  /// The inode number on that device.
  public let inode: UInt64
}

/// What must stay the same for a file to count as unchanged.
package struct FileStamp: Equatable, Sendable {
  package let size: UInt64
  package let modified: [Int]
  package let changed: [Int]
}

/// The result of `fstat(2)` or `stat(2)`.
package struct FileStatus: Sendable {
  package let identity: FileIdentity
  package let stamp: FileStamp
  package let mode: UInt32
  package let linkCount: UInt64

  /// The status of an open descriptor.
  package init(descriptor: Int32, path: String) throws(FileIOError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .system(call: "fstat", path: path, errno: errno)
    }
    self.init(status)
  }

  /// The status of what `path` leads to, symbolic links followed; nil where nothing is there.
  package init?(path: String) throws(FileIOError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .system(call: "stat", path: path, errno: errno)
    }
    self.init(status)
  }

  private init(_ status: stat) {
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    stamp = FileStamp(
      size: UInt64(max(0, status.st_size)),
      modified: [status.st_mtim.tv_sec, status.st_mtim.tv_nsec],
      changed: [status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
    mode = UInt32(status.st_mode)
    linkCount = UInt64(status.st_nlink)
  }
}

extension FileStatus {
  /// Whether this is an ordinary file.
  package var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

  /// Whether this is a folder.
  package var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }

  /// The kind of file in words.
  package var kindName: String {
    switch mode & UInt32(S_IFMT) {
    case UInt32(S_IFREG): "regular file"
    case UInt32(S_IFDIR): "directory"
    case UInt32(S_IFIFO): "FIFO"
    case UInt32(S_IFSOCK): "socket"
    case UInt32(S_IFCHR), UInt32(S_IFBLK): "device"
    default: "special file"
    }
  }
}
