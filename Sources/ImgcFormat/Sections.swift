import FileIO

/// The version of the format that is written and read (`formats/imgc.md`).
let imgcVersion: UInt16 = 2

/// The header of a native file: 16 bytes that are always the same.
enum HeaderSection {
  static let size = 16

  /// The bytes.
  static var bytes: [UInt8] {
    var builder = ByteBuilder()
    builder.append(UInt32(0x184D_2A5C))
    builder.append(UInt32(8))
    builder.append(contentsOf: "IMGC".utf8)
    builder.append(imgcVersion)
    builder.append(UInt16(0))
    return builder.bytes
  }

  /// Checks the first bytes of a file (R1).
  static func check(_ found: [UInt8], file: String) throws(ImgcError) {
    let fields = [
      (0, 4, "frame magic"), (4, 4, "frame size"), (8, 4, "magic"), (12, 2, "version"),
      (14, 2, "flags"),
    ]
    for (offset, width, field) in fields {
      let range = offset..<(offset + width)
      guard bytes[range] == found[range] else {
        throw .section(
          file: file, offset: UInt64(offset), section: "header", field: field,
          expected: text(bytes[range]), found: text(found[range]))
      }
    }
  }
}

extension HeaderSection {
  /// A field as messages show it: numbers of two bytes (version, flags) as numbers.
  private static func text(_ field: ArraySlice<UInt8>) -> String {
    var cursor = ByteCursor(Array(field))
    return field.count == 2 ? "\(cursor.next(UInt16.self) ?? 0)" : hexadecimal(field)
  }
}

/// The footer of a native file: where the manifest is.
struct FooterSection {
  static let size = 80
  private static let frameMagic: UInt32 = 0x184D_2A5D
  private static let magic = Array("CGMI".utf8)

  let manifestOffset: UInt64
  let manifestSize: UInt64
  let manifestPlainSize: UInt64
  /// The SHA-256 of the manifest's frame, 32 bytes.
  let manifestDigest: [UInt8]

  /// The bytes of the footer of a file of `fileSize` bytes.
  func bytes(fileSize: UInt64) -> [UInt8] {
    var builder = ByteBuilder()
    builder.append(Self.frameMagic)
    builder.append(UInt32(Self.size - 8))
    builder.append(manifestOffset)
    builder.append(manifestSize)
    builder.append(manifestPlainSize)
    builder.append(contentsOf: manifestDigest)
    builder.append(fileSize)
    builder.append(imgcVersion)
    builder.append(UInt16(0))
    builder.append(contentsOf: Self.magic)
    return builder.bytes
  }

  init(
    manifestOffset: UInt64, manifestSize: UInt64, manifestPlainSize: UInt64,
    manifestDigest: [UInt8]
  ) {
    self.manifestOffset = manifestOffset
    self.manifestSize = manifestSize
    self.manifestPlainSize = manifestPlainSize
    self.manifestDigest = manifestDigest
  }

  /// Reads and checks the last bytes of a file of `fileSize` bytes (R2, R3).
  init(_ bytes: [UInt8], file: String, fileSize: UInt64) throws(ImgcError) {
    let start = fileSize - UInt64(Self.size)
    var cursor = ByteCursor(bytes)
    func expect<Value: FixedWidthInteger>(
      _ field: String, _ expected: Value, at offset: Int
    ) throws(ImgcError) {
      let found = cursor.next(Value.self) ?? 0
      guard found == expected else {
        throw .section(
          file: file, offset: start + UInt64(offset), section: "footer", field: field,
          expected: "\(expected)", found: "\(found)")
      }
    }
    try expect("frame magic", Self.frameMagic, at: 0)
    try expect("frame size", UInt32(Self.size - 8), at: 4)
    manifestOffset = cursor.next() ?? 0
    manifestSize = cursor.next() ?? 0
    manifestPlainSize = cursor.next() ?? 0
    manifestDigest = Array(cursor.next(count: 32) ?? [])
    try expect("fileSize", fileSize, at: 64)
    try expect("version", imgcVersion, at: 72)
    try expect("flags", UInt16(0), at: 74)
    let found = Array(cursor.next(count: 4) ?? [])
    guard found == Self.magic else {
      throw .section(
        file: file, offset: start + 76, section: "footer", field: "magic",
        expected: hexadecimal(Self.magic[...]), found: hexadecimal(found[...]))
    }
    let (end, overflow) = manifestOffset.addingReportingOverflow(manifestSize)
    guard manifestOffset >= UInt64(HeaderSection.size), !overflow, end == start else {
      throw .section(
        file: file, offset: start + 8, section: "footer", field: "manifestOffset",
        expected: "a manifest that ends at \(start)",
        found: "\(manifestOffset) and \(manifestSize) bytes")
    }
  }
}

/// A number as sixteen lower-case hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
  hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  var text = ""
  for byte in bytes {
    text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
  return text
}
