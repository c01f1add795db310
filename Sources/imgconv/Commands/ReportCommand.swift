import ArgumentParser
import FileIO
import ImgconvKit
import Verification

/// `imgconv report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Join and show reports of verify.",
    subcommands: [ReportMergeCommand.self, ReportShowCommand.self])
}

/// `imgconv report merge`.
struct ReportMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the parts of a sharded verification into the report of a single run.",
    discussion: """
      The parts are the JSON reports of verify --shard 1/n … n/n over the same models, seeds and \
      gate. The result equals a single run's report byte for byte. Exit status as of verify.
      """)

  @Argument(help: "The parts, in any order.")
  var parts: [String]

  @Option(help: "An earlier report (JSON): fail where a mean has become worse than it allows.")
  var baseline: String?

  @OptionGroup var reports: ReportOutputOptions
  @OptionGroup var outputOptions: OutputOptions

  mutating func run() throws {
    let files = try reports.open(policy: outputOptions.policy)
    let report = try ReportJob(paths: parts, baseline: baseline).merged()
    try VerifyText.finish(report, files)
  }
}

/// `imgconv report show`.
struct ReportShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print a JSON report, or write it in another form.",
    discussion: "Exit status as of verify.")

  @Argument(help: "The report, as JSON.")
  var report: String

  @OptionGroup var reports: ReportOutputOptions
  @OptionGroup var outputOptions: OutputOptions

  mutating func run() throws {
    let files = try reports.open(policy: outputOptions.policy)
    try VerifyText.finish(try VerificationReport(path: report), files)
  }
}

extension VerifyText {
  /// Prints `report`, writes it, and ends with the status that its verdict stands for.
  static func finish(_ report: VerificationReport, _ files: ReportFiles) throws {
    print(summary(report))
    try files.write(report)
    if !report.passed { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
