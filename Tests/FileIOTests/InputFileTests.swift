import FileIO
import Foundation
import TestSupport
import Testing

@Suite("Reading a file")
struct InputFileTests {
  @Test("ranges are read by position")
  func ranges() throws {
    let folder = try TemporaryFolder()
    let file = try InputFile(path: folder.write("f", Array(0..<100)))
    #expect(file.size == 100)
    #expect(try file.bytes(at: 10, count: 3) == [10, 11, 12])
    #expect(try file.bytes(at: 100, count: 0) == [])
  }

  @Test("a range past the end is refused before anything is allocated")
  func pastTheEnd() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("f", [1, 2, 3])
    let file = try InputFile(path: path)
    #expect(throws: FileIOError.shortRead(path: path, offset: 2, byteCount: 1 << 50, fileSize: 3)) {
      try file.bytes(at: 2, count: 1 << 50)
    }
    #expect(throws: FileIOError.self) { try file.bytes(at: .max, count: 1) }
  }

  @Test("a file that is cut short or changed meanwhile is noticed, without a signal")
  func changed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("f", [UInt8](repeating: 7, count: 8192))
    let file = try InputFile(path: path)
    try file.checkUnchanged()
    #expect(truncate(path, 100) == 0)
    #expect(throws: FileIOError.self) { try file.bytes(at: 0, count: 8192) }
    #expect(throws: FileIOError.changedWhileRead(path: path)) { try file.checkUnchanged() }
  }

  @Test("3 a folder, a FIFO and a device are no files")
  func otherKinds() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.path(of: "fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    for (path, kind) in [(folder.path, "directory"), (fifo, "FIFO"), ("/dev/null", "device")] {
      #expect(throws: FileIOError.notRegularFile(path: path, kind: kind)) {
        try InputFile(path: path)
      }
    }
  }
}
