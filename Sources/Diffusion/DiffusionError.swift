import FileIO

/// A reason why a schedule cannot be made or a trajectory cannot be walked.
public enum DiffusionError: Error, Sendable {
  /// A setting has a value outside what it allows.
  case setting(name: String, expected: String, found: String)
  /// A tokenizer's file breaks its format, or asks for what is not supported.
  case tokenizer(file: String, field: String, expected: String, found: String)
}

extension DiffusionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let name, let expected, let found):
      "\(name.escapedForDisplay(limit: 100)): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 100))"
    case .tokenizer(let file, let field, let expected, let found):
      "\(file.escapedForDisplay): \(field.escapedForDisplay(limit: 100)): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 200))"
    }
  }
}
