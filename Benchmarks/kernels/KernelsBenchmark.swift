import Foundation
import Kernels

/// `swift run -c release kernels-benchmark`: the kernels' speeds, each beside its peer, as Markdown tables.
@main
enum KernelsBenchmark {
  static func main() throws {
    print(
      "Instruction set \(try InstructionSet.current), \(Parallel.threadCount) threads, \(machine)")
    print("OpenBLAS core \(try OpenBLAS.shared.coreName), commit \(commit)\n")
    try Int8Benchmark.run()
  }

  /// The processor's own name.
  private static var machine: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(
      separator: "\n")
    let name = lines?.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return name?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
  }

  /// The commit that `git` says is checked out here.
  private static var commit: String {
    let git = Process()
    let output = Pipe()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = ["git", "rev-parse", "--short", "HEAD"]
    git.standardOutput = output
    guard (try? git.run()) != nil else { return "unknown" }
    git.waitUntilExit()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
