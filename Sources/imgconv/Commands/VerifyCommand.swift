import ArgumentParser
import FileIO
import ImgconvKit
import Verification

/// `imgconv verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a model gives what its reference gives.",
    discussion: """
      Both models run on the same inputs, given with --inputs or drawn from --seed, and every \
      output is compared; models without a graph are compared tensor by tensor. The gate follows \
      from the candidate's weight types unless limits are given. Exit status 0: passed; 1: an \
      output is beyond a limit.
      """)

  @Argument(help: "The model to judge: .imgc or .onnx.")
  var candidate: String

  @Option(help: "The model that is right.")
  var reference: String

  @Option(parsing: .upToNextOption, help: "Files of inputs.")
  var inputs: [String] = []

  @Option(help: "The seed of drawn inputs.")
  var seed: UInt64 = 0

  @Option(help: "How many samples to draw.")
  var count = 4

  @Option(help: "The least PSNR of an output, in dB over the reference's range.")
  var minPsnr: Double?

  @Option(help: "The largest relative L2 distance of an output.")
  var maxRelL2: Double?

  @Option(help: "The least cosine between an output and the reference's.")
  var minCosine: Double?

  @Option(help: "Refuse a candidate that does not have this digest (see imgconv digest).")
  var expectDigest: String?

  @Option(help: "Write the report here, as JSON.")
  var json: String?

  @Option(
    help: "Write a PNG here: outputs that are images, reference, candidate, difference times 8.")
  var images: String?

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    guard (1...100_000).contains(count) else {
      throw ValidationError("--count: expected 1 to 100000, found \(count)")
    }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    if let expectDigest { try DigestJob.require(expectDigest, of: candidate) }
    let limits = Gate(
      minimumPSNR: minPsnr, maximumRelativeL2: maxRelL2, minimumCosine: minCosine)
    let job = VerifyJob(
      candidate: candidate, reference: reference, inputs: inputs, seed: seed, count: count,
      gate: limits.isEmpty ? nil : limits, images: images,
      replacesExisting: outputOptions.force)
    let report = try job.run { progress.show($0) }
    progress.clear()
    print(VerifyText.summary(report))
    if let json {
      try JSONReport.write(
        VerifyDocument(report), to: json, replacesExisting: outputOptions.force)
    }
    if !report.passed { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
