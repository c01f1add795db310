import ArgumentParser
import FileIO
import ImgconvKit

/// The entry point: parses the command line, runs the command, and ends with the status that the
/// error, if any, stands for.
@main
struct Main {
  static func main() {
    PendingTemporaries.removeOnSignals()
    do {
      var command = try Imgconv.parseAsRoot()
      try command.run()
    } catch {
      guard let status = ExitStatus(error) else { Imgconv.exit(withError: error) }
      Console.error("\(error)")
      Imgconv.exit(withError: ExitCode(status.rawValue))
    }
  }
}
