import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("Signals", .enabled(if: CommandLine.isBuilt))
struct SignalTests {
  @Test("a hangup that the caller ignores, as nohup does, does not end the program")
  func ignored() throws {
    let folder = try TemporaryFolder()
    let weights = folder.path(of: "w.safetensors")
    let values = (0..<2_000_000).map { Float(($0 &* 7919) % 1009) * 1e-3 }
    try SafetensorsWriter.write(TensorSet([("a", try Tensor(values))]), to: weights)
    let output = folder.path(of: "model.imgc")
    let process = try CommandLine.start(["import", weights, "-o", output], ignoring: "HUP")
    while process.isRunning, !ignoresHangup(process.processIdentifier) { usleep(200) }
    while process.isRunning {
      Glibc.kill(process.processIdentifier, SIGHUP)
      usleep(2000)
    }
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(try CommandLine.run("inspect", "--verify", output).status == 0)
  }

  /// Whether the process ignores SIGHUP by now; before that one would end the shell.
  private func ignoresHangup(_ process: Int32) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
    return line?.last.flatMap(\.hexDigitValue).map { $0 & 1 == 1 } ?? false
  }
}
