import Glibc

/// A failed operation on a file, with what was attempted and why it failed.
public enum FileIOError: Error, Equatable, Sendable {
  /// A system call failed: its name, the path it concerned and `errno`.
  case system(call: String, path: String, errno: Int32)
  /// Reading `[offset, offset + byteCount)` ran past the end of a file of `fileSize` bytes.
  case shortRead(path: String, offset: UInt64, byteCount: Int, fileSize: UInt64)
  /// The path names something other than a regular file (a folder, a FIFO, a device).
  case notRegularFile(path: String, kind: String)
  /// Size, modification time or change time moved while the file was being read.
  case changedWhileRead(path: String)
  /// The output exists and replacing it was not asked for.
  case exists(path: String)
  /// The output would be the input itself, by path, symbolic link or hard link.
  case outputIsInput(path: String, input: String)
  /// The path cannot be used as a file name (empty, or holding a NUL byte).
  case invalidPath(path: String)
}

extension FileIOError {
  /// Whether the fault lies in what the caller named (a wrong kind of file, an output in the way)
  /// and not in the system under it.
  public var isBadInput: Bool {
    switch self {
    case .shortRead, .notRegularFile, .changedWhileRead, .invalidPath: true
    case .exists, .outputIsInput: true
    case .system(_, _, let code): code == ENOENT || code == ENOTDIR || code == EISDIR
    }
  }
}

extension FileIOError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let call, let path, let code):
      "\(path.escapedForDisplay): \(call) failed: \(String(cString: strerror(code)))"
    case .shortRead(let path, let offset, let byteCount, let fileSize):
      "\(path.escapedForDisplay): offset \(offset): expected \(byteCount) more bytes, "
        + "found the end of the file at \(fileSize)"
    case .notRegularFile(let path, let kind):
      "\(path.escapedForDisplay): expected a regular file, found a \(kind)"
    case .changedWhileRead(let path):
      "\(path.escapedForDisplay): the file changed while it was being read"
    case .exists(let path):
      "\(path.escapedForDisplay): exists already; give --force to replace it"
    case .outputIsInput(let path, let input):
      "\(path.escapedForDisplay): the output is the input \(input.escapedForDisplay)"
    case .invalidPath(let path):
      "\(path.escapedForDisplay): not a usable path"
    }
  }
}
