import FileIO

/// A file read front to back through a small buffer; skipping costs no reading.
final class WireWindow {
  /// How many bytes are held at once.
  static let capacity = 64 * 1024

  /// The file read.
  let file: InputFile
  private let buffer: UnsafeMutableRawPointer
  private var start: UInt64
  private var count = 0
  private var index = 0

  /// Starts at byte `offset`.
  init(_ file: InputFile, at offset: UInt64 = 0) {
    self.file = file
    start = offset
    buffer = .allocate(byteCount: Self.capacity, alignment: 16)
  }

  deinit { buffer.deallocate() }

  /// The offset of the next byte.
  var position: UInt64 { start + UInt64(index) }

  /// Moves on by `byteCount` bytes, which the caller knows to be there.
  func skip(_ byteCount: UInt64) {
    if byteCount <= UInt64(count - index) {
      index += Int(byteCount)
    } else {
      start = position + byteCount
      count = 0
      index = 0
    }
  }

  /// The next byte; nil at the end of the file.
  @inline(__always)
  func next() throws(ONNXError) -> UInt8? {
    if index == count {
      try refill()
      if count == 0 { return nil }
    }
    defer { index += 1 }
    return buffer.load(fromByteOffset: index, as: UInt8.self)
  }

  /// Appends the next `byteCount` bytes to `bytes`.
  ///
  /// The bytes are added as they are read: a length that the file does not back costs nothing.
  func copy(_ byteCount: Int, to bytes: inout [UInt8]) throws(ONNXError) {
    var left = byteCount
    while left > 0 {
      if index == count {
        try refill()
        guard count > 0 else {
          throw .file(
            .shortRead(path: file.path, offset: position, byteCount: left, fileSize: file.size))
        }
      }
      let piece = min(left, count - index)
      bytes.append(contentsOf: UnsafeRawBufferPointer(start: buffer + index, count: piece))
      index += piece
      left -= piece
    }
  }

  private func refill() throws(ONNXError) {
    start += UInt64(count)
    index = 0
    count = 0
    guard start < file.size else { return }
    let piece = Int(min(UInt64(Self.capacity), file.size - start))
    do throws(FileIOError) {
      try file.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: piece), at: start)
    } catch {
      throw .file(error)
    }
    count = piece
  }
}

/// What can be wrong with a varint.
enum VarintFailure: Error {
  case truncated
  case overlong
  case oversized
  case unreadable(ONNXError)

  /// The error to report for a varint at `place`.
  func error(at place: ONNXPlace) -> ONNXError {
    switch self {
    case .truncated: .truncatedVarint(place)
    case .overlong: .overlongVarint(place)
    case .oversized: .oversizedVarint(place)
    case .unreadable(let error): error
    }
  }
}

extension WireWindow {
  /// The next varint, which must end before `end`.
  func varint(before end: UInt64) throws(VarintFailure) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard position < end, let byte = try varintByte() else { throw .truncated }
      if shift == 63 {
        guard byte < 0x80 else { throw .overlong }
        guard byte <= 1 else { throw .oversized }
      }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  @inline(__always)
  private func varintByte() throws(VarintFailure) -> UInt8? {
    do throws(ONNXError) {
      return try next()
    } catch {
      throw .unreadable(error)
    }
  }

  /// The next `Value`, little-endian, of which the caller knows that it is there.
  func fixed<Value: FixedWidthInteger>(_ type: Value.Type) throws(ONNXError) -> Value {
    var value: Value = 0
    for index in 0..<MemoryLayout<Value>.size {
      guard let byte = try next() else {
        throw .file(
          .shortRead(
            path: file.path, offset: position, byteCount: MemoryLayout<Value>.size - index,
            fileSize: file.size))
      }
      value |= Value(truncatingIfNeeded: byte) << Value(truncatingIfNeeded: 8 * index)
    }
    return value
  }
}
