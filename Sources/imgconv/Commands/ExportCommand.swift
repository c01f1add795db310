import ArgumentParser
import FileIO
import ImgconvKit

/// `imgconv export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an artifact's weights as a plain safetensors file.")

  @Argument(help: "The artifact.")
  var input: String

  @Option(name: .shortAndLong, help: "Where the file goes.")
  var output: String

  @Option(help: "The component to export, where there are several.")
  var component: String?

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func run() throws {
    let progress = try compute.begin()
    let job = ExportJob(
      input: input, output: output, component: component,
      replacesExisting: outputOptions.force)
    let count = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    print("\(output.escapedForDisplay): \(count) tensors")
  }
}
