import ArgumentParser
import FileIO
import ImgconvKit
import Verification

/// `imgconv diff`.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what changed between two models: graph, tensors, quantization, metadata.",
    discussion: """
      Components are matched by role and name, tensors by name, nodes by their first output. \
      Tensors whose bytes differ are dequantized and their distance printed (relative L2). \
      Exit status 0: nothing differs; 1: something does.
      """)

  @Argument(help: "The older model.")
  var before: String

  @Argument(help: "The newer model.")
  var after: String

  @Flag(inversion: .prefixedNo, help: "Compare the values of tensors that are stored differently.")
  var values = true

  @Flag(help: "List every change, not the first of each kind alone.")
  var all = false

  @Flag(help: "Print the changes as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  mutating func run() throws {
    let progress = try compute.begin()
    let difference = try DiffJob(before: before, after: after, comparesValues: values)
      .run { progress.show($0) }
    progress.clear()
    if json {
      try JSONReport.print(DiffDocument(changes: difference.changes))
    } else {
      print(DiffText.summary(difference, shownPerGroup: all ? .max : 10))
    }
    if !difference.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

/// The changes as JSON.
private struct DiffDocument: Encodable {
  let changes: [ModelChange]
}
