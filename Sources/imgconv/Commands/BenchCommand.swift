import ArgumentParser
import FileIO
import ImgconvKit

/// `imgconv bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how long a model's runs take, and how much memory.",
    discussion: """
      Inputs are drawn where none are given (floats standard normal, timesteps 0 to 999, tokens \
      within their table). The time of a run is told as median, least, most and the distance between \
      the quartiles; the peak is the process's own (VmHWM), loading included; activations are the \
      memory planned for the results inside a run; operations are those \
      of products, convolutions and attention by their definitions, two for a multiplication and an \
      addition.
      """)

  @Argument(help: "An .imgc or .onnx file.")
  var model: String

  @Option(parsing: .upToNextOption, help: "Files of inputs (default: drawn).")
  var inputs: [String] = []

  @Option(help: "The component or graph to run, where several could be meant.")
  var component: String?

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp(
      "The extent of a free dimension of drawn inputs, by its name or INPUT.AXIS.",
      valueName: "name=extent"))
  var dimensions: [String] = []

  @Option(help: "How many runs to measure.")
  var runs = 5

  @Option(help: "How many runs go before.")
  var warmup = 1

  @Flag(help: "Tell the time of each operator and of the slowest nodes.")
  var profile = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var fusions: FusionOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    guard (1...100_000).contains(runs) else {
      throw ValidationError("--runs: expected 1 to 100000, found \(runs)")
    }
    guard (0...100_000).contains(warmup) else {
      throw ValidationError("--warmup: expected 0 to 100000, found \(warmup)")
    }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    let job = BenchJob(
      model: model, component: component, inputs: inputs,
      dimensions: try DimensionBindings(dimensions), runs: runs, warmup: warmup,
      isProfiled: profile, withoutFusions: fusions.omitted)
    let report = try job.run { progress.show($0) }
    progress.clear()
    if json { try JSONReport.print(BenchDocument(report)) } else { print(text(report)) }
  }

  private func text(_ report: BenchReport) -> String {
    let times = report.times
    func milliseconds(_ seconds: Double) -> String { Quantities.fixed(seconds * 1e3, 2) }
    var lines = [
      "\(report.graph.escapedForDisplay(limit: 60)): "
        + report.inputs.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", "),
      "\(report.instructionSet), threads \(report.threads), runs \(times.sorted.count)",
    ]
    var table = TextTable([
      ("median ms", .right), ("min ms", .right), ("max ms", .right), ("IQR ms", .right),
      ("load s", .right), ("peak memory", .right), ("activations", .right),
      ("GFLOP", .right), ("GFLOPS", .right),
    ])
    table.add([
      milliseconds(times.median), milliseconds(times.minimum), milliseconds(times.maximum),
      milliseconds(times.interquartileRange), Quantities.fixed(report.loadSeconds, 2),
      report.peakByteCount.map(Quantities.bytes) ?? "–",
      report.activations.map { Quantities.bytes($0.byteCount) } ?? "–",
      report.operations.map { Quantities.significant($0 / 1e9, 4) } ?? "–",
      report.gigaOperationsPerSecond.map { Quantities.significant($0, 3) } ?? "–",
    ])
    lines.append(table.text)
    if let profile = report.profile { lines += ["", ProfileText.text(profile)] }
    return lines.joined(separator: "\n")
  }
}

/// The report of a measurement as JSON.
private struct BenchDocument: Encodable {
  let graph: String
  let inputs: [String]
  let instructionSet: String
  let threads: Int
  let loadSeconds: Double
  let seconds: [Double]
  let medianSeconds: Double
  let minimumSeconds: Double
  let maximumSeconds: Double
  let interquartileRangeSeconds: Double
  let peakBytes: Int?
  let activationBytes: Int?
  let leastActivationBytes: Int?
  let operations: Double?
  let gigaOperationsPerSecond: Double?
  let profile: ProfileDocument?

  init(_ report: BenchReport) {
    graph = report.graph
    inputs = report.inputs
    instructionSet = report.instructionSet
    threads = report.threads
    loadSeconds = report.loadSeconds
    seconds = report.times.sorted
    medianSeconds = report.times.median
    minimumSeconds = report.times.minimum
    maximumSeconds = report.times.maximum
    interquartileRangeSeconds = report.times.interquartileRange
    peakBytes = report.peakByteCount
    activationBytes = report.activations?.byteCount
    leastActivationBytes = report.activations?.leastByteCount
    operations = report.operations
    gigaOperationsPerSecond = report.gigaOperationsPerSecond
    profile = report.profile.map(ProfileDocument.init)
  }
}
