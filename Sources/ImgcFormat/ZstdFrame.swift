import CZstd

/// Checks and decodes single frames of the form that the format allows (R9).
struct ZstdFrame {
  /// The largest window a frame may need: 2²³ bytes.
  private static let maximumWindowLog = 23
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  /// The file's path, for messages.
  let file: String
  /// Where the frame begins in the file.
  let offset: UInt64
  /// The section or tensor it belongs to.
  let place: String

  /// Decodes `frame`, which must hold exactly `target.count` bytes.
  func decode(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    with decompressor: ZstdDecompressor
  ) throws(ImgcError) {
    try check(frame, contentSize: target.count)
    let result = decompressor.decompress(frame, into: target)
    guard ZSTD_isError(result) == 0 else {
      throw error("a frame that decodes", String(cString: ZSTD_getErrorName(result)))
    }
    guard result == target.count else {
      throw error("\(target.count) bytes of content", "\(result)")
    }
  }

  private func check(_ frame: UnsafeRawBufferPointer, contentSize: Int) throws(ImgcError) {
    guard frame.count >= 9, frame.prefix(4).elementsEqual(Self.magic) else {
      throw error("a zstd frame", "other bytes")
    }
    let descriptor = frame[4]
    guard descriptor & 0x08 == 0 else { throw error("the reserved bit clear", "it set") }
    guard descriptor & 0x04 != 0 else { throw error("a content checksum", "none") }
    guard descriptor & 0x03 == 0 else { throw error("no dictionary", "a dictionary id") }
    // Without the single-segment flag a window descriptor follows: 1 KiB << exponent and eighths.
    if descriptor & 0x20 == 0 {
      let windowLog = 10 + Int(frame[5] >> 3)
      guard windowLog < Self.maximumWindowLog || frame[5] & 7 == 0,
        windowLog <= Self.maximumWindowLog
      else {
        throw .limit(
          file: file, field: "offset \(offset): \(place): window",
          expected: "at most 2^\(Self.maximumWindowLog) bytes", found: "more than 2^\(windowLog)")
      }
    }
    let stated = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    guard stated != czstd_content_size_unknown(), stated != czstd_content_size_error() else {
      throw error("a content size of \(contentSize)", "none")
    }
    guard stated == UInt64(contentSize) else {
      throw error("a content size of \(contentSize)", "\(stated)")
    }
    let size = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
    guard ZSTD_isError(size) == 0, size == frame.count else {
      throw error(
        "a frame of \(frame.count) bytes",
        ZSTD_isError(size) == 0 ? "\(size)" : String(cString: ZSTD_getErrorName(size)))
    }
  }

  private func error(_ expected: String, _ found: String) -> ImgcError {
    .frame(file: file, offset: offset, place: place, expected: expected, found: found)
  }
}
