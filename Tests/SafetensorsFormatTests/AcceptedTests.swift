import FileIO
import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("What the reader and the writer accept")
struct AcceptedTests {
  private func open(_ header: String, data: [UInt8] = []) throws -> SafetensorsFile {
    let folder = try TemporaryFolder()
    let path = try folder.write("m", SafetensorsBytes.file(Array(header.utf8), data: data))
    return try SafetensorsFile(path: path)
  }

  @Test("19 white space before the JSON is let pass and noted")
  func leadingSpace() throws {
    let file = try open(" \n{}")
    #expect(file.tensors.isEmpty)
    #expect(file.notes == ["header: white space before the JSON dropped"])
  }

  @Test("20 white space after the JSON")
  func trailingSpace() throws { #expect(try open("{}      ").tensors.isEmpty) }

  @Test("39 tensors without elements that share an offset, and 46 a zero extent")
  func emptyTensors() throws {
    let file = try open(
      #"{"b":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"#
        + #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    #expect(file.tensors.map(\.name) == ["a", "b"])
  }

  @Test("45 a scalar, and 58 data that are not aligned")
  func scalarUnaligned() throws {
    let folder = try TemporaryFolder()
    let header = #"{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}} "#
    #expect((8 + header.utf8.count) % 4 != 0)
    let value = withUnsafeBytes(of: Float(1.5)) { Array($0) }
    let path = try folder.write("m", SafetensorsBytes.file(Array(header.utf8), data: value))
    let file = try SafetensorsFile(path: path)
    #expect(try file.tensor(0).array(of: Float.self) == [1.5])
    #expect(file.tensors[0].shape == .scalar)
  }

  @Test("51 a boolean of 2 is found when it is read")
  func boolean() throws {
    let folder = try TemporaryFolder()
    let header = SafetensorsBytes.tensor(dtype: "BOOL", shape: "[3]", offsets: "[0,3]")
    let path = try folder.write("m", SafetensorsBytes.file(Array(header.utf8), data: [0, 2, 1]))
    let file = try SafetensorsFile(path: path)
    let error = #expect(throws: SafetensorsError.self) { try file.tensor(0) }
    #expect("\(try #require(error))".contains("tensor w: element 1: expected 0 or 1, found 2"))
  }

  @Test("55 a path as a name is a name, and 10 control characters are escaped in messages")
  func names() throws {
    let file = try open(#"{"../x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    #expect(file.tensors[0].name == "../x")
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "m", SafetensorsBytes.file(#"{"a\n\u001b[31m":{"dtype":"U8","shape":[0]}}"#))
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect("\(try #require(error))".contains(#"tensor a\n\u{1B}[31m: data_offsets"#))
  }

  @Test("57 names that differ only in normalisation are two names")
  func normalisation() throws {
    let file = try open(
      #"{"\u00e9":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""e\u0301":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, data: [7, 8])
    #expect(file.tensors.count == 2)
    #expect(file.index(of: "e\u{301}") == 1)
  }

  @Test("59 a tensor named __metadata__ cannot be written")
  func reservedName() throws {
    let folder = try TemporaryFolder()
    let set = TensorSet([("__metadata__", try Tensor([1 as Float]))])
    let path = folder.path(of: "out.safetensors")
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsWriter.write(set, to: path)
    }
    #expect("\(try #require(error))".contains("reserved for metadata"))
    #expect(folder.names.isEmpty)
  }

  @Test("every type comes back bit for bit")
  func everyType() throws {
    let codes = [
      "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0",
      "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64",
      "F64", "I64", "U64",
    ]
    let folder = try TemporaryFolder()
    for code in codes {
      let bits = code == "F4" ? 4 : code.hasPrefix("F6_") ? 6 : width(code)
      let count = 16
      let data = (0..<(count * bits / 8)).map {
        code == "BOOL" ? UInt8($0 % 2) : UInt8(truncatingIfNeeded: $0 * 37 + 11)
      }
      let header = SafetensorsBytes.tensor(
        dtype: code, shape: "[4,4]", offsets: "[0,\(data.count)]")
      let path = try folder.write(
        "\(code).safetensors", SafetensorsBytes.file(Array(header.utf8), data: data))
      let copy = folder.path(of: "\(code).copy")
      try SafetensorsWriter.write(SafetensorsFile(path: path), to: copy)
      let back = try SafetensorsFile(path: copy)
      var bytes = [UInt8](repeating: 0, count: data.count)
      try bytes.withUnsafeMutableBytes { try back.read(0, at: 0, into: $0) }
      #expect(bytes == data, "\(code)")
      #expect(back.tensors[0].name == "w")
    }
  }

  private func width(_ code: String) -> Int {
    if code.hasSuffix("64") { return 64 }
    if code.hasSuffix("32") { return 32 }
    if code.hasSuffix("16") { return 16 }
    return 8
  }

  @Test("metadata come back, and the same tensors give the same bytes")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    let set = TensorSet([
      ("b", try Tensor([1, 2] as [Float])), ("a", try Tensor([3] as [Int64])),
      ("c", try Tensor([true, false])),
    ])
    for name in ["1", "2"] {
      try SafetensorsWriter.write(
        set, to: folder.path(of: name), metadata: ["format": "pt", "é": "x\ny"])
    }
    let first = try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "1")))
    #expect(first == (try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "2")))))
    let file = try SafetensorsFile(path: folder.path(of: "1"))
    #expect(file.metadata == ["format": "pt", "é": "x\ny"])
    #expect(file.tensors.map(\.name) == ["a", "b", "c"])
  }
}
