import ArgumentParser
import FileIO
import Verification

/// The files that a report is written to.
struct ReportOutputOptions: ParsableArguments {
  @Option(help: "Write the report here, as JSON (formats/verify-report.md).")
  var json: String?

  @Option(help: "Write the report here, as JUnit XML.")
  var junit: String?

  @Option(help: "Write the report here, as Markdown for a pull request.")
  var markdown: String?

  @Option(help: "Write the report here, as one self-contained HTML page.")
  var html: String?

  /// Opens the files, so that one that is in the way is known before any work is done.
  func open(policy: OutputPolicy) throws -> ReportFiles {
    let rendered: [(String?, ReportFormat?)] = [
      (json, nil), (junit, .junit), (markdown, .markdown), (html, .html),
    ]
    return ReportFiles(
      files: try rendered.compactMap { path, format in
        try path.map {
          (file: try OutputFile(path: $0, policy: policy), format: format)
        }
      })
  }
}

/// Open files that wait for a report.
struct ReportFiles {
  fileprivate let files: [(file: OutputFile, format: ReportFormat?)]

  /// Writes `report` in each file's format and publishes the files.
  func write(_ report: VerificationReport) throws {
    for (file, format) in files {
      try file.write(try format.map { try report.rendered(as: $0) } ?? report.json())
      try file.publish()
    }
  }
}
