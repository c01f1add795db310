import FileIO
import Foundation
import Tensors

/// Reads one tensor out of a NumPy `.npy` file (format versions 1.0 to 3.0), in C or Fortran order,
/// little-endian.
enum NumpyArrayFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let maximumHeader = 1 << 20

  /// The tensor in the file at `path`.
  ///
  /// - Throws: `JobError.inputFile` naming the offset and the field, or `FileIOError`.
  static func read(path: String) throws -> Tensor {
    let file = try InputFile(path: path)
    let prefix = try file.bytes(at: 0, count: Int(min(file.size, 12)))
    guard prefix.count >= 10, prefix.starts(with: magic) else {
      throw JobError.inputFile(path: path, reason: "offset 0: expected a NumPy array file")
    }
    let isLong = prefix[6] >= 2
    guard (1...3).contains(prefix[6]), prefix.count >= (isLong ? 12 : 10) else {
      throw JobError.inputFile(
        path: path, reason: "offset 6: version: expected 1 to 3, found \(prefix[6])")
    }
    var cursor = ByteCursor(prefix, position: 8)
    let length = isLong ? Int(cursor.next(UInt32.self) ?? 0) : Int(cursor.next(UInt16.self) ?? 0)
    guard length <= maximumHeader else {
      throw JobError.inputFile(
        path: path, reason: "offset 8: header: expected at most \(maximumHeader) bytes")
    }
    let start = UInt64(isLong ? 12 : 10)
    let text = String(decoding: try file.bytes(at: start, count: length), as: UTF8.self)
    let header = try NumpyHeader(text, path: path)
    return try elements(file, start + UInt64(length), header)
  }

  private static func elements(
    _ file: InputFile, _ offset: UInt64, _ header: NumpyHeader
  ) throws -> Tensor {
    let stored = try Shape(checking: header.shape)
    guard let byteCount = header.dtype.packedByteCount(elementCount: stored.elementCount),
      offset <= file.size, file.size - offset == UInt64(byteCount)
    else {
      throw JobError.inputFile(
        path: file.path,
        reason: "offset \(offset): data: expected what shape \(stored) of \(header.dtype.name) "
          + "takes, found \(file.size - min(offset, file.size)) bytes")
    }
    let bytes = try file.bytes(at: offset, count: byteCount)
    guard header.isFortranOrder, stored.rank > 1 else {
      return try bytes.withUnsafeBytes { try Tensor(unpacking: $0, header.dtype, stored) }
    }
    return try reordered(bytes, header.dtype, stored)
  }

  /// Elements in Fortran order brought into C order.
  private static func reordered(_ bytes: [UInt8], _ dtype: DType, _ shape: Shape) throws -> Tensor {
    let width = dtype.byteWidth
    let tensor = try Tensor(uninitialized: dtype, shape)
    let target = tensor.mutablePointer(as: UInt8.self)
    var strides = [Int](repeating: 1, count: shape.rank)
    for axis in 1..<shape.rank { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    for index in 0..<shape.elementCount {
      let source = zip(shape.strides.indices, shape.strides).reduce(0) { sum, entry in
        sum + index / entry.1 % shape[entry.0] * strides[entry.0]
      }
      for byte in 0..<width { target[index * width + byte] = bytes[source * width + byte] }
    }
    return tensor
  }
}

/// The dictionary at the front of a `.npy` file.
struct NumpyHeader {
  let dtype: DType
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ text: String, path: String) throws {
    func field(_ name: String, _ pattern: String) throws -> String {
      let expression = try Regex("'\(name)'\\s*:\\s*\(pattern)")
      guard let match = try expression.firstMatch(in: text), let value = match[1].substring else {
        throw JobError.inputFile(path: path, reason: "offset 10: header: \(name) is missing")
      }
      return String(value)
    }
    let descriptor = try field("descr", "'([^']*)'")
    guard let dtype = Self.types[descriptor] else {
      throw JobError.inputFile(
        path: path, reason: "offset 10: header: descr: no support for '\(descriptor)'")
    }
    self.dtype = dtype
    isFortranOrder = try field("fortran_order", "(True|False)") == "True"
    shape = try field("shape", "\\(([0-9, ]*)\\)").split(separator: ",").compactMap {
      let digits = $0.filter { $0 != " " }
      guard !digits.isEmpty else { return nil }
      guard let extent = Int(digits) else {
        throw JobError.inputFile(
          path: path, reason: "offset 10: header: shape: expected extents, found \(digits)")
      }
      return extent
    }
  }

  private static let types: [String: DType] = [
    "<f4": .float32, "<f8": .float64, "<f2": .float16, "<i8": .int64, "<i4": .int32,
    "<i2": .int16, "|i1": .int8, "<u8": .uint64, "<u4": .uint32, "<u2": .uint16, "|u1": .uint8,
    "|b1": .bool, "<c8": .complex64, "<c16": .complex128,
  ]
}
