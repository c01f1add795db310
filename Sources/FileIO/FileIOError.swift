/// A failed operation on a file, with what was attempted and why it failed.
public enum FileIOError: Error, Equatable, Sendable {
  /// A system call failed: its name, the path it concerned and `errno`.
  case system(call: String, path: String, errno: Int32)
  /// Reading `[offset, offset + byteCount)` ran past the end, at a file of `fileSize` bytes.
  case shortRead(path: String, offset: UInt64, byteCount: Int, fileSize: UInt64)
  /// The path names something other than a regular file (a folder, a FIFO, a device).
  case notRegularFile(path: String, kind: String)
  /// Size, modification time or change time moved while the file was being read.
  case changedWhileRead(path: String)
  /// The output exists and replacing it was not asked for.
  case exists(path: String)
  /// The output would be the input itself, by path, symbolic link or hard link.
  case outputIsInput(path: String, input: String)
}
