import FileIO
import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("Files that are no safetensors")
struct AnyFileTests {
  private func refusal(_ path: String) throws -> String {
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    return "\(try #require(error))"
  }

  @Test("3 a folder, a FIFO and a device")
  func otherKinds() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.path(of: "fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(try refusal(folder.path).contains("expected a regular file, found a directory"))
    #expect(try refusal(fifo).contains("expected a regular file, found a FIFO"))
    #expect(try refusal("/dev/null").contains("expected a regular file, found a device"))
  }

  @Test("4 an unreadable file", .enabled(if: geteuid() != 0, "root reads everything"))
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m", SafetensorsBytes.file("{}"))
    #expect(chmod(path, 0) == 0)
    #expect(try refusal(path).contains("open failed: Permission denied"))
  }

  @Test("5 another format's file")
  func wrongMagic() throws {
    let folder = try TemporaryFolder()
    let zip = try folder.write("m", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 40))
    #expect(try refusal(zip).contains("expected safetensors, found a ZIP archive"))
    let pickle = try folder.write("p", [0x80, 2] + [UInt8](repeating: 0x7D, count: 40))
    #expect(try refusal(pickle).contains("expected safetensors, found a Python pickle"))
  }

  @Test("7 a sparse file of 1 TiB costs nothing")
  func sparse() throws {
    let folder = try TemporaryFolder()
    let header = SafetensorsBytes.tensor(shape: "[1]", offsets: "[0,4]")
    let path = try folder.write("m", SafetensorsBytes.file(header, data: 4))
    guard truncate(path, 1 << 40) == 0 else { return }
    #expect(try refusal(path).contains("expected the end of the file after the last tensor"))
  }

  @Test("9 a ZIP behind the data")
  func polyglot() throws {
    let folder = try TemporaryFolder()
    let header = SafetensorsBytes.tensor(shape: "[1]", offsets: "[0,4]")
    let path = try folder.write(
      "m", SafetensorsBytes.file(header, data: 4) + Array("PK\u{5}\u{6}".utf8))
    #expect(try refusal(path).contains("found 4 more bytes"))
  }

  @Test("52 types that the runtime does not compute with pass through")
  func opaqueTypes() throws {
    let folder = try TemporaryFolder()
    for (code, dtype) in [
      ("F8_E4M3", DType.float8e4m3fn), ("F6_E2M3", .float6e2m3), ("F4", .float4e2m1),
      ("C64", .complex64),
    ] {
      let size = 8 * dtype.bitWidth / 8
      let header = SafetensorsBytes.tensor(dtype: code, shape: "[8]", offsets: "[0,\(size)]")
      let path = try folder.write(code, SafetensorsBytes.file(header, data: size))
      #expect(try SafetensorsFile(path: path).tensors[0].dtype == dtype)
    }
  }
}
