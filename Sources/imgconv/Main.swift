import ArgumentParser
import FileIO
import ImgconvKit

/// The entry point: parses the command line, runs the command, and ends with the status that the
/// error, if any, stands for.
@main
struct Main {
  static func main() {
    PendingTemporaries.removeAtEnd()
    requireArguments()
    do {
      var command = try Imgconv.parseAsRoot()
      try command.run()
    } catch {
      guard let status = ExitStatus(error) else { Imgconv.exit(withError: error) }
      Console.error("\(error)")
      Imgconv.exit(withError: ExitCode(status.rawValue))
    }
  }

  /// Swift looks for the arguments in the stack that /proc/self/maps shows; without it not even the
  /// program's name is there, which would be taken for a call for help.
  private static func requireArguments() {
    guard CommandLine.arguments.isEmpty else { return }
    Console.error("the command line cannot be read: /proc/self/maps is not readable")
    Imgconv.exit(withError: ExitCode(ExitStatus.system.rawValue))
  }
}
