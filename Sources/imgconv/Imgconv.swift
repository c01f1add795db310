import ArgumentParser
import ImgconvKit

/// The root command.
struct Imgconv: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "imgconv",
    abstract: "Convert, quantize and verify few-step diffusion models.",
    discussion: """
      Weights come in as safetensors or ONNX, are kept in one compressed .imgc artifact, \
      quantized to int8, fp16 or bf16, and checked against the original: the exit status of \
      verify gates a release.
      """,
    subcommands: [
      ImportCommand.self, QuantizeCommand.self, DistillCommand.self, VerifyCommand.self,
      RunCommand.self, SampleCommand.self,
      BenchCommand.self,
      InspectCommand.self, DiffCommand.self, ExportCommand.self, JoinCommand.self,
      DigestCommand.self, AttestCommand.self, ReportCommand.self,
    ])

  @Flag(help: "Print the version and the kernels in use.")
  var version = false

  @Flag(help: "With --version: print the libraries, the instruction set and the threads too.")
  var verbose = false

  mutating func run() throws {
    guard version else { throw CleanExit.helpRequest(Imgconv.self) }
    let report = VersionReport()
    print(verbose ? report.detailed : report.summary)
  }
}
