import FileIO
import Tensors

/// A safetensors file: an 8-byte little-endian length, a JSON header, the tensors' data.
///
/// The header is read and checked when the file is opened; data are read by range. A boolean that
/// is neither 0 nor 1 is found when its bytes are read.
public final class SafetensorsFile: TensorSource {
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]
  /// The texts of `__metadata__`.
  public let metadata: [String: String]
  /// What was let pass though a writer would not write it, each in a few words.
  public let notes: [String]

  private let file: InputFile
  private let begins: [Int]
  private let dataStart: UInt64

  /// Opens the file at `path`.
  ///
  /// - Throws: `SafetensorsError`.
  public init(path: String) throws(SafetensorsError) {
    let file: InputFile
    do {
      file = try InputFile(path: path)
    } catch {
      throw .file(error)
    }
    let headerSize = try Self.headerSize(file)
    let bytes: [UInt8]
    do {
      bytes = try file.bytes(at: 8, count: headerSize)
    } catch {
      throw .file(error)
    }
    dataStart = 8 + UInt64(headerSize)
    let header = try SafetensorsHeader(
      bytes, file: path, dataStart: dataStart, dataSize: file.size - dataStart)
    tensors = header.entries.map(\.info)
    begins = header.entries.map(\.begin)
    metadata = header.metadata
    notes = SafetensorsHeader.notes(bytes, header.entries)
    self.file = file
  }

  /// The path as given.
  public var path: String { file.path }

  private static func headerSize(_ file: InputFile) throws(SafetensorsError) -> Int {
    let prefix: [UInt8]
    do {
      prefix = try file.bytes(at: 0, count: Int(min(file.size, 64)))
    } catch {
      throw .file(error)
    }
    if let other = ForeignFile.name(of: prefix) {
      throw .otherFormat(file: file.path, found: other)
    }
    var cursor = ByteCursor(prefix)
    guard let length = cursor.next(UInt64.self) else {
      throw .noHeaderLength(file: file.path, size: file.size)
    }
    guard length >= 2 else {
      throw .headerLength(
        file: file.path, expected: "at least 2", found: length, isLimit: false)
    }
    guard length <= SafetensorsHeader.maximumByteCount else {
      // A number in the other byte order, or garbage, is no honest header over the limit.
      throw .headerLength(
        file: file.path, expected: "at most \(SafetensorsHeader.maximumByteCount)",
        found: length, isLimit: length < 1 << 48)
    }
    guard length <= file.size - 8 else {
      throw .headerLength(
        file: file.path, expected: "at most the \(file.size - 8) bytes that follow",
        found: length, isLimit: false)
    }
    return Int(length)
  }
}

extension SafetensorsFile {
  /// Reads bytes of a tensor.
  ///
  /// - Throws: `SafetensorsError.boolean`, or `.file` where the file was cut short meanwhile.
  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let info = tensors[index]
    guard offset >= 0, offset <= info.byteCount, buffer.count <= info.byteCount - offset else {
      throw TensorError.byteCountMismatch(
        expected: offset + buffer.count, found: info.byteCount)
    }
    let place = dataStart + UInt64(begins[index] + offset)
    do {
      try file.read(into: buffer, at: place)
    } catch {
      throw SafetensorsError.file(error)
    }
    if info.dtype == .bool, let wrong = buffer.firstIndex(where: { $0 > 1 }) {
      throw SafetensorsError.boolean(
        file: path, offset: place + UInt64(wrong), tensor: info.name, index: offset + wrong,
        found: buffer[wrong])
    }
  }

  /// Every tensor stands in the file as it is.
  public func location(_ index: Int) -> TensorLocation? {
    TensorLocation(file: file, offset: dataStart + UInt64(begins[index]))
  }

  /// Checks that the file is as it was when it was opened.
  public func checkUnchanged() throws {
    do {
      try file.checkUnchanged()
    } catch {
      throw SafetensorsError.file(error)
    }
  }
}
