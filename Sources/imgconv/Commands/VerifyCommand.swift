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
      output is compared; models without a graph are compared tensor by tensor. Of the first sample \
      every layer is compared by itself and in its place; one that is off by more than its \
      rounding explains fails the candidate and is named. The gate follows from the candidate's weight types unless limits are given. Exit status 0: passed; 1: an \
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

  @Flag(
    inversion: .prefixedNo,
    help: "Compare the first sample layer by layer, and name the first layer at fault.")
  var layers = true

  @Flag(
    help: "Where the gate fails: find a smallest set of layers to keep in fp16 so that it holds.")
  var bisect = false

  @Option(help: "Run part i of n of the samples, as i/n; imgconv report merge joins the reports.")
  var shard: Shard?

  @Option(help: "Limits by output, step and metric, as YAML (formats/gate.md).")
  var gate: String?

  @Option(help: "An earlier report (JSON): fail where a mean has become worse than it allows.")
  var baseline: String?

  @Option(help: "The least PSNR of an output, in dB over the reference's range.")
  var minPsnr: Double?

  @Option(help: "The largest relative L2 distance of an output.")
  var maxRelL2: Double?

  @Option(help: "The least cosine between an output and the reference's.")
  var minCosine: Double?

  @Option(help: "Refuse a candidate that does not have this digest (see imgconv digest).")
  var expectDigest: String?

  @Option(
    help: "Write a PNG here: outputs that are images, reference, candidate, difference times 8.")
  var images: String?

  @Option(
    help: ArgumentHelp(
      """
      A network that judges the images of both models: the Fréchet distance of its features, the \
      share taken for their class by its logits, or the mean of one number an image; may be given \
      again.
      """, valueName: "file[:output]"))
  var metricModel: [String] = []

  @OptionGroup var trajectories: TrajectoryArguments
  @OptionGroup var reports: ReportOutputOptions
  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count: expected 1 to 1000000, found \(count)")
    }
    guard !trajectories.trajectory || inputs.isEmpty else {
      throw ValidationError("--trajectory: draws its noise; it does not go with --inputs")
    }
    guard shard == nil || inputs.isEmpty else {
      throw ValidationError("--shard: splits drawn samples; it does not go with --inputs")
    }
    guard shard == nil || !bisect else {
      throw ValidationError("--bisect: needs all samples; it does not go with --shard")
    }
    if let shard, shard.count > count {
      throw ValidationError("--shard: expected at most \(count) parts, one a sample")
    }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    let files = try reports.open(policy: outputOptions.policy)
    if let expectDigest { try DigestJob.require(expectDigest, of: candidate) }
    var job = VerifyJob(
      candidate: candidate, reference: reference, inputs: inputs, seed: seed, count: count,
      shard: shard, comparesLayers: layers, bisects: bisect, policy: try policy(),
      baseline: baseline,
      images: images,
      outputPolicy: outputOptions.policy)
    job.metricModels = metricModel
    let report =
      trajectories.trajectory
      ? try trajectories.job(job).run { progress.show($0) }
      : try job.run { progress.show($0) }
    progress.clear()
    try VerifyText.finish(report, files)
  }

  /// The gate file's policy, with the limits given as options before its rules.
  private func policy() throws -> GatePolicy {
    var policy = try gate.map { try GateFile.read(path: $0) } ?? GatePolicy()
    var limits = Limits()
    limits.worst[.psnr] = minPsnr
    limits.worst[.relativeL2] = maxRelL2
    limits.worst[.cosine] = minCosine
    if !limits.isEmpty {
      // Limits given by hand stand alone: they replace the defaults.
      policy.rules.insert(GateRule(limits: limits), at: 0)
      policy.usesDefaults = false
    }
    return policy
  }
}

extension Shard: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
