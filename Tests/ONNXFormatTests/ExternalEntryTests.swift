import Foundation
import ONNXFormat
import Testing

@Suite("Entries of external data")
struct ExternalEntryTests {
  /// Sixteen floats.
  static let data = (0..<16).flatMap { index in
    withUnsafeBytes(of: Float(index).bitPattern.littleEndian) { Array($0) }
  }

  /// Entries that must be refused in a model beside `weights.bin` of 64 bytes.
  struct Entries: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let entries: [(String, String)]
    let dtype: Int64
    let dims: [Int64]
    let message: String

    init(
      _ name: String, _ entries: [(String, String)], dtype: Int64 = 1, dims: [Int64] = [4],
      _ message: String
    ) {
      testDescription = name
      self.entries = entries
      self.dtype = dtype
      self.dims = dims
      self.message = message
    }
  }

  static let cases: [Entries] = [
    Entries(
      "124 absolute path", [("location", "/etc/passwd")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found /etc/passwd"),
    Entries(
      "125 parent folder", [("location", "../weights.bin")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found ../weights.bin"),
    Entries(
      "126 parent folders after a folder", [("location", "a/../../weights.bin")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found a/../../weights.bin"),
    Entries(
      "127 parent folder inside", [("location", "a/../weights.bin")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found a/../weights.bin"),
    Entries(
      "128 backslash", [("location", "a\\weights.bin")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found a\\\\weights.bin"),
    Entries(
      "an empty component", [("location", "a//weights.bin")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found a//weights.bin"),
    Entries(
      "a folder", [("location", "a/")],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found a/"),
    Entries(
      "134 a sibling that starts with the folder's name",
      [
        ("location", "../model-evil/weights.bin")
      ],
      "offset 7: tensor w: external_data.location: expected a plain relative path beneath "
        + "the model's folder, found ../model-evil/weights.bin"),
    Entries(
      "no location", [("offset", "0")],
      "offset 7: tensor w: external_data: expected a location, found none"),
    Entries(
      "an empty location", [("location", "")],
      "offset 7: tensor w: external_data: expected a location, found none"),
    Entries(
      "137 missing", [("location", "none.bin")],
      "offset 7: tensor w: external_data.location: HERE/none.bin: open failed: No such "
        + "file or directory"),
    Entries(
      "138 offset beyond the file", [("location", "weights.bin"), ("offset", "65")],
      "offset 7: tensor w: external_data: expected a range within the file's 64 bytes, "
        + "found 16 bytes at 65"),
    Entries(
      "139 length beyond the file",
      [
        ("location", "weights.bin"), ("offset", "56"), ("length", "16"),
      ],
      "offset 7: tensor w: external_data: expected a range within the file's 64 bytes, "
        + "found 16 bytes at 56"),
    Entries(
      "139 elements beyond the file", [("location", "weights.bin"), ("offset", "56")],
      "offset 7: tensor w: external_data: expected a range within the file's 64 bytes, "
        + "found 16 bytes at 56"),
    Entries(
      "140 offset and length wrap",
      [
        ("location", "weights.bin"), ("offset", "16"), ("length", "18446744073709551615"),
      ],
      "offset 7: tensor w: external_data: expected a range within the file's 64 bytes, "
        + "found 18446744073709551615 bytes at 16"),
    Entries(
      "141 negative offset", [("location", "weights.bin"), ("offset", "-4")],
      "offset 7: tensor w: external_data.offset: expected a decimal number, not negative, "
        + "found -4"),
    Entries(
      "141 negative length", [("location", "weights.bin"), ("length", "-16")],
      "offset 7: tensor w: external_data.length: expected a decimal number, not negative, "
        + "found -16"),
    Entries(
      "142 not a number", [("location", "weights.bin"), ("offset", "0x10")],
      "offset 7: tensor w: external_data.offset: expected a decimal number, not negative, "
        + "found 0x10"),
    Entries(
      "142 a number beyond 64 bits",
      [
        ("location", "weights.bin"), ("offset", "18446744073709551616"),
      ],
      "offset 7: tensor w: external_data.offset: expected a decimal number, not negative, "
        + "found 18446744073709551616"),
    Entries(
      "143 length other than the shape's",
      [
        ("location", "weights.bin"), ("length", "12"),
      ], "offset 7: tensor w: external_data.length: expected 16 bytes, found 12"),
    Entries(
      "144 extents that overflow", [("location", "weights.bin")], dims: [1 << 62, 4],
      "offset 7: tensor w: dims: expected a size within 64 bits, found extents "
        + "[4611686018427387904, 4]"),
    Entries(
      "145 location twice",
      [
        ("location", "weights.bin"), ("location", "weights.bin"),
      ], "offset 7: tensor w: external_data: expected the key once, found location again"),
    Entries(
      "146 unknown key", [("location", "weights.bin"), ("size", "16")],
      "offset 7: tensor w: external_data: expected location, offset, length or checksum, "
        + "found size"),
    Entries(
      "147 wrong checksum",
      [
        ("location", "weights.bin"), ("checksum", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ],
      "offset 7: tensor w: external_data.checksum: expected SHA-1 "
        + "da39a3ee5e6b4b0d3255bfef95601890afd80709, found "
        + "3b33f926f95579bd381f6bdd1bf1b898953a22c3"),
    Entries(
      "150 strings", [("location", "weights.bin")], dtype: 8,
      "offset 7: tensor w: external_data: expected strings in the model, found them outside"),
    Entries(
      "153 a memory address", [("location", "*/_ORT_MEM_ADDR_/*"), ("offset", "0")],
      "offset 7: tensor w: external_data.location: expected a file, found "
        + "*/_ORT_MEM_ADDR_/*, a runtime's marker for weights in its memory"),
    Entries(
      "154 the model itself", [("location", "model.onnx")], dims: [1],
      "offset 7: tensor w: external_data.location: expected another file, found the model "
        + "itself, model.onnx"),
  ]

  @Test("refused", arguments: cases)
  func refused(_ refused: Entries) throws {
    let folder = try TemporaryFolder()
    try folder.write("weights.bin", Self.data)
    try folder.write("a/other.bin", Self.data)
    let tensor = Proto.externalTensor(
      "w", dtype: refused.dtype, dims: refused.dims, refused.entries)
    let path = try folder.write("model.onnx", Proto.model(holding: tensor).bytes)
    expectRefusal(of: path, refused.message.replacing("HERE", with: folder.path))
  }
}
