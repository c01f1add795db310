import FileIO
import Foundation
import ONNXFormat
import Testing

@Suite("Files that are no models")
struct AnyFileTests {
  static let model = Proto.model(
    Proto.graph(
      nodes: [
        Proto.node(
          "Add", ["x", "w"], ["y"],
          attributes: [
            Proto.attribute("axis", type: 2) { $0.varint(3, 1) }
          ])
      ],
      initializers: [Proto.tensor("w", 1, [2]) { $0.packedFloats(4, [1, 2]) }],
      inputs: [Proto.value("x", 1, [2])], outputs: [Proto.value("y", 1, [2])]))

  @Test("1 an empty file")
  func empty() throws {
    let folder = try TemporaryFolder()
    expectRefusal(
      of: try folder.write("model.onnx", []), "expected an ONNX model, found an empty file")
  }

  @Test("2 one to seven bytes", arguments: 1...7)
  func fewBytes(_ count: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.onnx", [UInt8](repeating: 0x41, count: count))
    #expect(throws: ONNXError.self) { try readAll(path) }
  }

  @Test("3 a folder, a FIFO and a device")
  func otherKinds() throws {
    let folder = try TemporaryFolder()
    expectRefusal(of: folder.path, "expected a regular file, found a directory")
    let fifo = folder.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    expectRefusal(of: fifo, "expected a regular file, found a FIFO")
    expectRefusal(of: "/dev/null", "expected a regular file, found a device")
  }

  @Test("4 an unreadable file", .enabled(if: geteuid() != 0, "root reads everything"))
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.onnx", Self.model.bytes)
    #expect(chmod(path, 0) == 0)
    expectRefusal(of: path, kind: .io, "open failed: Permission denied")
  }

  @Test("a file that is not there")
  func missing() throws {
    let folder = try TemporaryFolder()
    expectRefusal(of: folder.path + "/none.onnx", "open failed: No such file or directory")
  }

  @Test("5 another format's file")
  func wrongMagic() throws {
    let folder = try TemporaryFolder()
    let safetensors = withUnsafeBytes(of: UInt64(2).littleEndian) { Array($0) } + Array("{}".utf8)
    expectRefusal(
      of: try folder.write("a.onnx", safetensors),
      "expected an ONNX model, found a safetensors file")
    expectRefusal(
      of: try folder.write("b.onnx", Array("PK\u{3}\u{4}zip".utf8)),
      "expected an ONNX model, "
        + "found a ZIP archive (a PyTorch checkpoint? save it as safetensors)")
    expectRefusal(
      of: try folder.write("c.onnx", [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]),
      "expected an ONNX model, found a zstd stream (.imgc?)")
  }

  @Test("6 a model cut off at any byte")
  func truncated() throws {
    let folder = try TemporaryFolder()
    let bytes = Self.model.bytes
    try readAll(folder.write("whole.onnx", bytes))
    for count in 0..<bytes.count {
      let path = try folder.write("model.onnx", Array(bytes[..<count]))
      #expect(throws: ONNXError.self, "\(count) bytes") { try readAll(path) }
    }
  }

  @Test("7 a sparse file of 1 TiB")
  func sparseFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.onnx", Self.model.bytes)
    guard truncate(path, 1 << 40) == 0 else { return }
    expectRefusal(
      of: path,
      "expected less than 2 GiB, protobuf's limit, found 1099511627776 "
        + "bytes; weights beyond that belong into external data")
  }

  @Test("8 a Git-LFS pointer or an HTML page")
  func downloads() throws {
    let folder = try TemporaryFolder()
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    expectRefusal(
      of: try folder.write("a.onnx", Array(pointer.utf8)),
      "expected an ONNX model, found a Git-LFS pointer (fetch the file "
        + "with git lfs pull)")
    expectRefusal(
      of: try folder.write("b.onnx", Array("<!DOCTYPE html><html>".utf8)),
      "expected an ONNX model, found an HTML page (a failed download?)")
  }

  @Test("9 a model with a ZIP behind it")
  func polyglot() throws {
    let folder = try TemporaryFolder()
    let bytes = Self.model.bytes + Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0, count: 18)
    expectRefusal(
      of: try folder.write("model.onnx", bytes),
      "offset 96: expected a field number in 1...536870911, found 0")
  }

  @Test("10 control characters in names are accepted, and escaped in messages")
  func controlCharacters() throws {
    let folder = try TemporaryFolder()
    let name = "a\n\u{1B}[31mb"
    let good = Proto.model(holding: Proto.tensor(name, 1, [2]) { $0.packedFloats(4, [1, 2]) })
    let model = try ONNXReader.read(path: folder.write("good.onnx", good.bytes))
    #expect(model.components.first?.weights.tensors.first?.name == name)
    let bad = Proto.model(holding: Proto.tensor(name, 1, [2]) { $0.packedFloats(4, [1]) })
    expectRefusal(
      of: try folder.write("bad.onnx", bad.bytes),
      "offset 7: tensor a\\n\\u{1B}[31mb: float_data: expected 2 "
        + "numbers, found 1")
  }
}
