import ArgumentParser
import FileIO
import Kernels

/// Options of every command that writes a file.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace the output where it exists.")
  var force = false

  @Flag(
    name: .customLong("no-sync"),
    help: """
      Do not wait until the disk holds the output; a loss of power soon afterwards can damage it.
      """)
  var leavesToCache = false

  /// What the options say, for the output.
  var policy: OutputPolicy {
    OutputPolicy(replacesExisting: force, waitsForDisk: !leavesToCache)
  }
}

/// Options of every command that computes.
struct ComputeOptions: ParsableArguments {
  @Option(help: "How many threads to use (default: one for each CPU).")
  var threads: Int?

  @Flag(help: "Show no progress.")
  var quiet = false

  mutating func validate() throws {
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads: expected 1 to 256, found \(threads)")
    }
  }

  /// Puts the options into effect and gives back the line for progress.
  ///
  /// - Throws: `KernelError` where `IMGCONV_ISA` cannot be obeyed.
  func begin() throws -> ProgressLine {
    _ = try InstructionSet.current
    if let threads { Parallel.threadCount = threads }
    return ProgressLine(isEnabled: !quiet)
  }
}
