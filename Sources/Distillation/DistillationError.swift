import FileIO

/// A reason why a student cannot be distilled.
public enum DistillationError: Error, Sendable {
  /// A setting has a value outside what it allows.
  case setting(name: String, expected: String, found: String)
}

extension DistillationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let name, let expected, let found):
      "\(name.escapedForDisplay(limit: 100)): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 100))"
    }
  }
}
