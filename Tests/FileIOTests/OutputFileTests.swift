import FileIO
import Foundation
import TestSupport
import Testing

@Suite("Publishing a file")
struct OutputFileTests {
  private func content(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  @Test("nothing is at the path, nor beside it, until it is published")
  func atomic() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(path: folder.path(of: "out"))
    try file.write(Array("hello".utf8))
    #expect(!folder.names.contains("out"))
    try file.publish()
    #expect(folder.names == ["out"])
    #expect(try content(folder.path(of: "out")) == "hello")
  }

  @Test("a file that is dropped leaves nothing behind")
  func dropped() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try OutputFile(path: folder.path(of: "out"))
      try file.write([1, 2, 3])
    }
    #expect(folder.names.isEmpty)
  }

  @Test("what exists is kept, unless it may be replaced")
  func existing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("out", Array("old".utf8))
    #expect(throws: FileIOError.exists(path: path)) { try OutputFile(path: path) }
    let file = try OutputFile(path: path, policy: .replacing)
    try file.write(Array("new".utf8))
    #expect(try content(path) == "old")
    try file.publish()
    #expect(try content(path) == "new")
    #expect(folder.names == ["out"])
  }

  @Test("a file that cannot be put in place leaves no temporary, even while it is held")
  func unplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.path(of: "out")
    let file = try OutputFile(path: path, policy: .replacing)
    try file.write(Array("new".utf8))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: FileIOError.self) { try file.publish() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
    withExtendedLifetime(file) {}
  }

  @Test("of two writers one wins and the other is told")
  func twoWriters() throws {
    let folder = try TemporaryFolder()
    let path = folder.path(of: "out")
    let first = try OutputFile(path: path)
    let second = try OutputFile(path: path)
    try first.write([1])
    try second.write([2])
    try first.publish()
    #expect(throws: FileIOError.exists(path: path)) { try second.publish() }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
  }

  @Test("11 the output is the input, by path, symbolic link or hard link")
  func outputIsInput() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("in", [1, 2, 3])
    let input = try InputFile(path: path)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "soft"), withDestinationPath: path)
    try FileManager.default.linkItem(atPath: path, toPath: folder.path(of: "hard"))
    for name in ["in", "soft", "hard"] {
      let output = folder.path(of: name)
      #expect(throws: FileIOError.outputIsInput(path: output, input: path)) {
        try OutputFile(path: output, policy: .replacing, inputs: [input])
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
  }

  @Test("a missing folder is an error before anything is read")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileIOError.self) { try OutputFile(path: folder.path(of: "none/out")) }
  }

  @Test("a folder, a FIFO or a device is never replaced")
  func specialFiles() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.path(of: "fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    for (path, kind) in [(folder.path, "directory"), (fifo, "FIFO"), ("/dev/null", "device")] {
      #expect(throws: FileIOError.notRegularFile(path: path, kind: kind)) {
        try OutputFile(path: path, policy: .replacing)
      }
    }
  }
}

@Suite("Writing large files")
struct LargeOutputTests {
  @Test(
    "what is written past the page cache, or behind it, is what was appended",
    arguments: [
      0, 1, 4095, 4 << 20, 16 << 20, (16 << 20) + 1, (24 << 20) + 4096, (29 << 20) + 77,
      (75 << 20) + 3,
    ], [true, false])
  func content(_ byteCount: Int, waitsForDisk: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.path(of: "out")
    let bytes = [UInt8]((0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 7) })
    let file = try OutputFile(path: path, policy: OutputPolicy(waitsForDisk: waitsForDisk))
    var position = 0
    var step = 1
    while position < byteCount {
      let count = min(step, byteCount - position)
      try file.write(Array(bytes[position..<(position + count)]))
      position += count
      step = step * 7 % 5_000_011 + 1
    }
    #expect(file.byteCount == UInt64(byteCount))
    try file.publish()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).elementsEqual(bytes))
  }
}
