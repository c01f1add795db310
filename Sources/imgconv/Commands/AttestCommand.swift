import ArgumentParser
import FileIO
import ImgconvKit

/// `imgconv attest`.
struct AttestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attest",
    abstract: "State how an artifact was made: in-toto with SLSA provenance, and CycloneDX.",
    discussion: """
      The statement is unsigned: an in-toto Statement (v1) with SLSA provenance (v1) that names \
      the artifact, every input by digest, each step with its options, and the reports given with \
      --report. Sign it, for example: cosign attest-blob --statement STATEMENT ARTIFACT. --bom \
      writes a CycloneDX 1.6 bill of materials that describes the model.
      """)

  @Argument(help: "The artifact, an .imgc.")
  var artifact: String

  @Option(name: .shortAndLong, help: "Where the in-toto statement goes.")
  var output: String

  @Option(help: "Where the CycloneDX document goes.")
  var bom: String?

  @Option(help: "A report of verify, stated as a byproduct; may be given several times.")
  var report: [String] = []

  @Option(help: "The URI of the builder.")
  var builderId = AttestJob.localBuilder

  @OptionGroup var outputOptions: OutputOptions

  mutating func run() throws {
    let made = try AttestJob(artifact: artifact, byproducts: report, builderID: builderId).run()
    try JSONReport.write(made.statement, to: output, policy: outputOptions.policy)
    guard let bom else { return }
    try JSONReport.write(made.bom, to: bom, policy: outputOptions.policy)
  }
}
