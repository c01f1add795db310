import ArgumentParser
import FileIO
import ImgconvKit

/// `imgconv join`.
struct JoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join",
    abstract: "Put the parts that export --split or --format oci wrote back together.",
    discussion: """
      Every part and the whole file are checked against the digests in the list or the layout; \
      where one differs, no file is written.
      """)

  @Argument(help: "The folder of the parts or of the OCI layout, or the list (*.parts.json).")
  var input: String

  @Option(name: .shortAndLong, help: "Where the artifact goes.")
  var output: String

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func run() throws {
    let progress = try compute.begin()
    let job = JoinJob(input: input, output: output, outputPolicy: outputOptions.policy)
    let digest = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    print("\(output.escapedForDisplay): content \(digest)")
  }
}
