import Foundation
import Testing

/// What the program does where nobody can be told.
@Suite(.enabled(if: CommandLine.isBuilt, "needs the program, built beside the tests"))
struct StandardErrorTests {
  @Test("An error that cannot be written still ends with its own status, not with a trap")
  func fullDisk() throws {
    let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    let silent = try CommandLine.start(["inspect", "/nonexistent.imgc"], errors: full)
    silent.waitUntilExit()
    let heard = try CommandLine.run("inspect", "/nonexistent.imgc")
    #expect(silent.terminationReason == .exit)
    #expect(silent.terminationStatus == heard.status)
    #expect(heard.errors.contains("/nonexistent.imgc"))
  }
}
