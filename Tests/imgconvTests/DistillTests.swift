import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct DistillTests {
  @Test("a run killed in the middle and resumed writes the bytes of one that was not stopped")
  func resumesToTheSameBytes() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("distill-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let arguments = try Self.arguments(folder)
    let whole = folder.appendingPathComponent("whole.imgc").path
    let killed = folder.appendingPathComponent("killed.imgc").path
    let first = try CommandLine.run(arguments + ["-o", whole])
    #expect(first.status == 0, "\(first.errors)")
    try Self.kill(arguments + ["-o", killed], at: "\(killed).checkpoint")
    #expect(!FileManager.default.fileExists(atPath: killed))
    let refused = try CommandLine.run(arguments + ["-o", killed])
    #expect(refused.status == 64)
    let other = try CommandLine.run(arguments + ["-o", killed, "--resume", "--seed", "9"])
    #expect(other.status == 2)
    let second = try CommandLine.run(arguments + ["-o", killed, "--resume"])
    #expect(second.status == 0, "\(second.errors)")
    for ending in ["", ".csv", ".svg", ".png"] {
      let bytes = try [whole, killed].map {
        try Data(contentsOf: URL(fileURLWithPath: $0 + ending))
      }
      #expect(bytes[0] == bytes[1], "\(ending)")
    }
  }

  /// A short training of the digits student as its own teacher.
  private static func arguments(_ folder: URL) throws -> [String] {
    let scheduler = folder.appendingPathComponent("scheduler_config.json")
    try Data(
      #"""
      {"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
       "beta_schedule": "scaled_linear", "prediction_type": "epsilon"}
      """#.utf8
    ).write(to: scheduler)
    return [
      "distill", SharedMaterial.fixture("digits/student.onnx"), "--scheduler", scheduler.path,
      "--iterations", "12", "--batch", "2", "--steps", "2", "--teacher-evaluations", "1",
      "--checkpoint-interval", "1", "--sheet-interval", "6",
    ]
  }

  /// Starts the program and kills it as soon as the file at `path` is there.
  private static func kill(_ arguments: [String], at path: String) throws {
    let process = try CommandLine.start(arguments)
    while process.isRunning, !FileManager.default.fileExists(atPath: path) { usleep(2000) }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
