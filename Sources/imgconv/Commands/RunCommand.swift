import ArgumentParser
import FileIO
import ImgconvKit
import Tensors

/// `imgconv run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a model's graph on given inputs.",
    discussion: """
      Inputs and expectations are safetensors (by name), or .npy and ONNX TensorProto .pb files \
      (by order). Names that begin with "input." or "output." are taken without that prefix by \
      --inputs and --expect. The error of an output is its largest absolute difference over the \
      range (max - min) of what is expected; integers must agree exactly, NaN and infinities stand \
      in the same places. Exit status 1 means that an output is beyond the tolerance.
      """)

  @Argument(help: "An .imgc or .onnx file.")
  var model: String

  @Option(parsing: .upToNextOption, help: "Files of inputs.")
  var inputs: [String] = []

  @Option(help: "The component or graph to run, where several could be meant.")
  var component: String?

  @Option(name: .shortAndLong, help: "Write the outputs here, as safetensors.")
  var output: String?

  @Option(parsing: .upToNextOption, help: "Files of expected outputs.")
  var expect: [String] = []

  @Option(help: "The largest error allowed, over the expected range.")
  var tolerance = 1e-4

  @Flag(help: "Tell the time of each operator and of the slowest nodes.")
  var profile = false

  @Option(help: "Write the steps here as a Chrome trace (JSON), for chrome://tracing or Perfetto.")
  var trace: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var fusions: FusionOptions
  @OptionGroup var compute: ComputeOptions

  mutating func run() throws {
    let progress = try compute.begin()
    let job = RunJob(
      model: model, component: component, inputs: inputs, output: output, expectations: expect,
      tolerance: tolerance, outputPolicy: outputOptions.policy, isProfiled: profile,
      trace: trace, withoutFusions: fusions.omitted)
    let report = try job.run { progress.show($0) }
    progress.clear()
    if json { try JSONReport.print(RunReportDocument(report)) } else { print(text(report)) }
    if !report.passed { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func text(_ report: RunReport) -> String {
    var table = TextTable([
      ("output", .left), ("type", .left), ("shape", .left), ("max abs error", .right),
      ("of the range", .right), ("verdict", .left),
    ])
    for output in report.outputs {
      let comparison = output.comparison
      table.add([
        output.name.escapedForDisplay(limit: 60), output.dtype.name, "\(output.shape)",
        comparison.map { Quantities.significant($0.maximumError, 3) } ?? "–",
        comparison.map { Quantities.significant($0.relativeMaximumError, 3) } ?? "–",
        comparison == nil ? "not compared" : output.passed ? "pass" : "FAIL",
      ])
    }
    guard let profile = report.profile else { return table.text }
    return table.text + "\n\n" + ProfileText.text(profile)
  }
}

/// The report of a run as JSON.
private struct RunReportDocument: Encodable {
  struct Output: Encodable {
    let name: String
    let type: String
    let shape: [Int]
    let maximumAbsoluteError: Double?
    let maximumErrorOverRange: Double?
    let nonFiniteMismatches: Int?
    let passed: Bool
  }

  let outputs: [Output]
  let tolerance: Double
  let passed: Bool
  let profile: ProfileDocument?

  init(_ report: RunReport) {
    tolerance = report.tolerance
    passed = report.passed
    profile = report.profile.map(ProfileDocument.init)
    outputs = report.outputs.map {
      Output(
        name: $0.name, type: $0.dtype.name, shape: $0.shape.dimensions,
        maximumAbsoluteError: $0.comparison?.maximumError,
        maximumErrorOverRange: $0.comparison?.relativeMaximumError,
        nonFiniteMismatches: $0.comparison?.nonFiniteMismatches, passed: $0.passed)
    }
  }
}
