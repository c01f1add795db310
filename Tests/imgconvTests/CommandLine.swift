import Foundation
import Testing

/// Runs the real program, as the build left it beside the tests.
enum CommandLine {
  /// What a run printed and how it ended.
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  private static let program: URL = {
    let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
    let folder =
      tests?.deletingLastPathComponent()
      ?? URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
    return folder.appendingPathComponent("imgconv")
  }()

  /// Whether the program was built.
  static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: program.path) }

  /// Runs `imgconv` with `arguments`.
  static func run(_ arguments: String...) throws -> Result { try run(arguments) }

  /// Starts `imgconv` with `arguments` and does not wait for it; what it says goes to `errors`.
  static func start(
    _ arguments: [String], errors: FileHandle = .nullDevice
  ) throws -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    return process
  }

  /// Starts `imgconv` with `arguments` where the caller ignores `signal`, as `nohup` does SIGHUP.
  static func start(_ arguments: [String], ignoring signal: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "trap '' \(signal); exec \"$@\"", "sh", program.path] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Runs `imgconv` with `arguments`.
  static func run(_ arguments: [String]) throws -> Result {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    let folder = FileManager.default.temporaryDirectory
    let output = folder.appendingPathComponent(UUID().uuidString)
    let errors = folder.appendingPathComponent(UUID().uuidString)
    for file in [output, errors] {
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    }
    defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }
}
