import Foundation
import Glibc

/// A temporary file without a name, for what is too much to keep in memory: bytes are appended and
/// read back by position. The system frees it when this is let go, however the process ends.
public final class ScratchFile {
  private let descriptor: Int32
  private let path: String
  /// How many bytes were appended.
  public private(set) var byteCount: UInt64 = 0

  /// Opens one in the system's folder for temporary files (`TMPDIR`, else `/tmp`).
  ///
  /// - Throws: `FileIOError.system` (`mkstemp(3)`, `unlink(2)`).
  public init() throws(FileIOError) {
    let folder = FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/imgconv-scratch-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard descriptor >= 0 else { throw .system(call: "mkstemp", path: path, errno: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    guard unlink(path) == 0 else {
      let code = errno
      close(descriptor)
      throw .system(call: "unlink", path: path, errno: code)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

extension ScratchFile {
  /// Appends `bytes`.
  ///
  /// - Returns: where they begin.
  /// - Throws: `FileIOError.system` (`pwrite(2)`).
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileIOError) -> UInt64 {
    let start = byteCount
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done,
        off_t(start) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(call: "pwrite", path: path, errno: errno)
      }
      done += count
    }
    byteCount += UInt64(bytes.count)
    return start
  }

  /// Fills `buffer` with the bytes that begin at `offset`.
  ///
  /// - Throws: `FileIOError.system` (`pread(2)`), `.shortRead`.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileIOError) {
    try PositionedRead.fill(
      buffer, from: descriptor, at: offset, path: path, fileSize: byteCount)
  }
}
