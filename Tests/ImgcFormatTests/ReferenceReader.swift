import Foundation
import TestSupport
import Testing

/// The reader in Python that was written from the specification alone
/// (`formats/reference/imgc_reader.py`), where Python and a zstd are present.
enum ReferenceReader {
  private static let program =
    SharedMaterial.package.appendingPathComponent("formats/reference/imgc_reader.py").path
  private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Whether it can be run.
  static let isPresent =
    python != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/zstd")

  /// Runs it over the whole file at `path`, and requires the same verdict of it.
  static func compare(_ path: String, isAccepted: Bool) throws {
    guard isPresent, let python else { return }
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [program, "--verify", path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if isAccepted {
      #expect(process.terminationStatus == 0, "\(text)")
    } else {
      #expect([2, 4].contains(process.terminationStatus), "\(path): \(text)")
    }
  }
}
