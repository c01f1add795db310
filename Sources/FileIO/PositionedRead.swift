import Glibc

/// Reading by position from an open file.
enum PositionedRead {
  /// Fills `buffer` with the bytes of `descriptor` that begin at `offset`; short reads and `EINTR` are
  /// continued.
  ///
  /// - Parameters:
  ///   - path: what errors call the file.
  ///   - fileSize: the size that errors tell.
  /// - Throws: `FileIOError.system` (`pread(2)`), `.shortRead` where the file ends before the buffer
  ///   is full.
  static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: UInt64,
    path: String, fileSize: UInt64
  ) throws(FileIOError) {
    var done = 0
    while done < buffer.count {
      let (position, overflows) = offset.addingReportingOverflow(UInt64(done))
      guard !overflows, let place = off_t(exactly: position) else {
        throw .shortRead(path: path, offset: offset, byteCount: buffer.count, fileSize: fileSize)
      }
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, place)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(call: "pread", path: path, errno: errno)
      }
      guard count > 0 else {
        throw .shortRead(
          path: path, offset: position, byteCount: buffer.count - done, fileSize: fileSize)
      }
      done += count
    }
  }
}
