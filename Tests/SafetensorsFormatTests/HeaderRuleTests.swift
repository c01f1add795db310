import FileIO
import SafetensorsFormat
import TestSupport
import Testing

/// A header that breaks one rule, and the message it must get. The numbers are those of the list of
/// bad inputs in `formats/safetensors.md`.
struct RefusedHeader: Sendable, CustomTestStringConvertible {
  let number: Int
  let rule: String
  let bytes: [UInt8]
  let message: String
  var isLimit = false

  var testDescription: String { "\(number) \(rule)" }

  init(_ number: Int, _ rule: String, _ bytes: [UInt8], _ message: String, isLimit: Bool = false) {
    self.number = number
    self.rule = rule
    self.bytes = bytes
    self.message = message
    self.isLimit = isLimit
  }

  /// A file of that header and `data` zero bytes.
  init(
    _ number: Int, _ rule: String, _ header: String, data: Int = 0, _ message: String,
    isLimit: Bool = false
  ) {
    self.init(
      number, rule, SafetensorsBytes.file(header, data: data), message, isLimit: isLimit)
  }
}

/// Files put together by hand.
enum SafetensorsBytes {
  static func file(_ header: String, data: Int = 0) -> [UInt8] {
    file(Array(header.utf8), data: [UInt8](repeating: 0, count: data))
  }

  static func file(_ header: [UInt8], data: [UInt8] = []) -> [UInt8] {
    length(UInt64(header.count)) + header + data
  }

  static func length(_ count: UInt64) -> [UInt8] {
    withUnsafeBytes(of: count.littleEndian) { Array($0) }
  }

  /// The header of one tensor `w` of those fields.
  static func tensor(dtype: String = "F32", shape: String, offsets: String) -> String {
    #"{"w":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }
}

private typealias Bytes = SafetensorsBytes

private let headerCases: [RefusedHeader] = [
  RefusedHeader(1, "an empty file", [], "offset 0: header length: expected 8 bytes, found 0"),
  RefusedHeader(12, "N = 0", Bytes.length(0), "header length: expected at least 2, found 0"),
  RefusedHeader(
    13, "N over 100,000,000", Bytes.length(100_000_001) + Array("{}".utf8),
    "header length: expected at most 100000000, found 100000001", isLimit: true),
  RefusedHeader(
    14, "N = 2^64 - 1", Bytes.length(.max) + Array("{}".utf8),
    "header length: expected at most 100000000, found 18446744073709551615"),
  RefusedHeader(
    15, "N past the end", Bytes.length(3) + Array("{}".utf8),
    "header length: expected at most the 2 bytes that follow, found 3"),
  RefusedHeader(
    16, "N in the other byte order", Bytes.length(2).reversed() + Array("{}".utf8),
    "header length: expected at most 100000000"),
  RefusedHeader(
    17, "not UTF-8", Bytes.file([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7B, 0x7D, 0x7D]),
    "JSON: expected UTF-8, found other bytes"),
  RefusedHeader(
    18, "a byte order mark", Bytes.file([0xEF, 0xBB, 0xBF, 0x7B, 0x7D]),
    "offset 8: header: JSON: expected no byte order mark, found one"),
  RefusedHeader(21, "NUL after the JSON", "{}\u{0}", "expected the end of the text, found more"),
  RefusedHeader(21, "garbage after the JSON", "{}x", "expected the end of the text, found more"),
  RefusedHeader(22, "JSON cut short", #"{"w":{"dtype":"F32""#, "found the end of the text"),
  RefusedHeader(
    23, "nested 100,000 deep",
    #"{"w":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
      + "}", "expected at most 8 levels of nesting, found more"),
  RefusedHeader(
    25, "a tensor twice",
    #"{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
      + #""w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "offset 61: header: JSON: expected each name once, found \"w\" twice"),
  RefusedHeader(
    26, "a tensor twice, once escaped",
    #"{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
      + #""\u0077":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "expected each name once, found \"w\" twice"),
  RefusedHeader(
    27, "a field twice",
    #"{"w":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "expected each name once, found \"dtype\" twice"),
  RefusedHeader(
    28, "metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#,
    "expected each name once, found \"__metadata__\" twice"),
  RefusedHeader(
    29, "metadata that is no string", #"{"__metadata__":{"a":1}}"#,
    "__metadata__.a: expected a string, found the number 1"),
  RefusedHeader(
    30, "metadata null", #"{"__metadata__":null}"#,
    "__metadata__: expected an object of strings, found null"),
  RefusedHeader(
    31, "an unknown field",
    #"{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}"#,
    "tensor w: x: expected dtype, shape and data_offsets only"),
  RefusedHeader(
    32, "a missing field", #"{"w":{"dtype":"U8","shape":[0]}}"#,
    "tensor w: data_offsets: expected a value, found nothing"),
  RefusedHeader(
    33, "three offsets", Bytes.tensor(shape: "[1]", offsets: "[0,4,4]"), data: 4,
    "tensor w: data_offsets: expected two integers"),
  RefusedHeader(
    34, "begin > end", Bytes.tensor(shape: "[1]", offsets: "[4,0]"), data: 4,
    "tensor w: data_offsets: expected begin <= end, found [4, 0]"),
  RefusedHeader(
    35, "an overlap",
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, data: 6,
    "tensor b: data_offsets: expected data from 4 on, found an overlap at 2"),
  RefusedHeader(
    36, "a hole", Bytes.tensor(shape: "[1]", offsets: "[4,8]"), data: 8,
    "tensor w: data_offsets: expected data from 0 on, found a hole up to 4"),
  RefusedHeader(
    37, "trailing data", Bytes.tensor(shape: "[1]", offsets: "[0,4]"), data: 5,
    "expected the end of the file after the last tensor, found 1 more bytes"),
  RefusedHeader(
    38, "short data", Bytes.tensor(shape: "[1]", offsets: "[0,4]"), data: 3,
    "tensor w: data_offsets: expected data up to 4, found the end of the file at 3"),
  RefusedHeader(
    40, "a size that is not shape times type", Bytes.tensor(shape: "[2]", offsets: "[0,4]"),
    data: 4, "tensor w: data_offsets: expected 8 bytes for float32 [2], found 4"),
  RefusedHeader(
    41, "a number of elements that overflows",
    Bytes.tensor(shape: "[4294967296,4294967296]", offsets: "[0,0]"),
    "tensor w: shape: expected a number of elements that fits 64 bits"),
  RefusedHeader(
    42, "a number of bits that overflows",
    Bytes.tensor(shape: "[1152921504606846976]", offsets: "[0,0]"),
    "tensor w: shape: expected a number of bits that fits 64 bits"),
  RefusedHeader(
    43, "huge extents behind a zero",
    Bytes.tensor(shape: "[0,18446744073709551615,18446744073709551615]", offsets: "[0,0]"),
    "tensor w: shape: expected extents from 0 to 2^63 - 1"),
  RefusedHeader(
    44, "a negative extent", Bytes.tensor(shape: "[-1]", offsets: "[0,0]"),
    "tensor w: shape: expected extents from 0 to 2^63 - 1, found the number -1"),
  RefusedHeader(
    44, "a fractional extent", Bytes.tensor(shape: "[1.0]", offsets: "[0,4]"), data: 4,
    "found the number 1.0"),
  RefusedHeader(
    44, "an extent with exponent", Bytes.tensor(shape: "[1e0]", offsets: "[0,4]"), data: 4,
    "found the number 1e0"),
  RefusedHeader(
    44, "minus zero", Bytes.tensor(shape: "[-0]", offsets: "[0,0]"), "found the number -0"),
  RefusedHeader(
    44, "an extent as text", Bytes.tensor(shape: #"["1"]"#, offsets: "[0,4]"), data: 4,
    #"found the string "1""#),
  RefusedHeader(
    47, "65 axes",
    Bytes.tensor(
      shape: "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]",
      offsets: "[0,4]"), data: 4, "tensor w: shape: expected at most 64 axes, found 65",
    isLimit: true),
  RefusedHeader(
    49, "an unknown type", Bytes.tensor(dtype: "F31", shape: "[1]", offsets: "[0,4]"), data: 4,
    #"found "F31""#),
  RefusedHeader(
    49, "a type in lower case", Bytes.tensor(dtype: "f32", shape: "[1]", offsets: "[0,4]"),
    data: 4, #"found "f32""#),
  RefusedHeader(
    50, "half a byte", Bytes.tensor(dtype: "F4", shape: "[3]", offsets: "[0,2]"), data: 2,
    "tensor w: shape: expected whole bytes of float4e2m1, found 12 bits"),
  RefusedHeader(
    53, "an empty name", #"{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "tensor name: expected at least one character"),
  RefusedHeader(
    54, "a NUL in a name", #"{"a\u0000":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "expected no NUL character"),
  RefusedHeader(
    56, "half a surrogate pair",
    #"{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    "expected a pair of surrogates, found one alone"),
  RefusedHeader(
    8, "a Git-LFS pointer",
    Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8),
    "expected safetensors, found a Git-LFS pointer"),
  RefusedHeader(
    8, "an HTML page", Array("<!DOCTYPE html><html></html>".utf8), "found an HTML page"),
]

@Suite("Headers that break a rule")
struct HeaderRuleTests {
  @Test("are refused with the place and the reason", arguments: headerCases)
  func refused(_ broken: RefusedHeader) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.safetensors", broken.bytes)
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    let text = try #require(error).description
    #expect(text.hasPrefix(path), "\(text)")
    #expect(text.contains(broken.message), "\(text)")
    #expect(error?.isLimit == broken.isLimit)
  }

  @Test("2 one to seven bytes", arguments: 1...7)
  func fewBytes(_ count: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m", [UInt8](repeating: 0x41, count: count))
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect("\(try #require(error))".contains("header length: expected 8 bytes, found \(count)"))
  }

  @Test("6 a file cut off at any byte")
  func truncated() throws {
    let folder = try TemporaryFolder()
    let whole = SafetensorsBytes.file(
      SafetensorsBytes.tensor(shape: "[2]", offsets: "[0,8]"), data: 8)
    for count in 0..<whole.count {
      let path = try folder.write("m", Array(whole[..<count]))
      #expect(throws: SafetensorsError.self, "\(count) bytes") { try SafetensorsFile(path: path) }
    }
    _ = try SafetensorsFile(path: folder.write("m", whole))
  }

  @Test("24 a string of over 64 MiB is over a limit")
  func longString() throws {
    let folder = try TemporaryFolder()
    let header =
      Array(#"{""#.utf8) + [UInt8](repeating: 0x61, count: 65 << 20)
      + Array(#"":{}}"#.utf8)
    let path = try folder.write("m", SafetensorsBytes.file(header))
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(try #require(error).isLimit)
    #expect("\(try #require(error))".contains("strings of at most 67108864 bytes"))
  }

  @Test("48 ten million entries are over a limit")
  func manyEntries() throws {
    let folder = try TemporaryFolder()
    var header = Array("{".utf8)
    for index in 0..<10_000_000 {
      if index > 0 { header.append(0x2C) }
      header.append(0x22)
      var rest = index
      repeat {
        header.append(UInt8(48 + rest % 10))
        rest /= 10
      } while rest > 0
      header += [0x22, 0x3A]
      header.append(0x30)
      if header.count > 99_000_000 { break }
    }
    header.append(0x7D)
    let path = try folder.write("m", SafetensorsBytes.file(header))
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(try #require(error).isLimit)
    #expect("\(try #require(error))".contains("at most 100001 names"))
  }
}
