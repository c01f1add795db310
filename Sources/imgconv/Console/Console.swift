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

  /// Text as it is; where it cannot be written (a log on a full disk) there is nobody to tell.
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Whether standard error is a terminal.
  static var isTerminal: Bool { isatty(2) == 1 }
}
