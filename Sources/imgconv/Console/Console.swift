import Foundation

/// What the tool says besides its results: diagnostics on standard error.
enum Console {
  /// An error, in one message.
  static func error(_ message: String) {
    write("imgconv: error: \(message)\n")
  }

  /// Something to know that is no error.
  static func note(_ message: String) {
    write("imgconv: \(message)\n")
  }

  /// Text as it is.
  static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }

  /// Whether standard error is a terminal.
  static var isTerminal: Bool { isatty(2) == 1 }
}
