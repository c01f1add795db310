import FileIO

/// A rule of artifacts in parts that a folder breaks; the ids are those of `formats/parts.md`.
public enum PartsError: Error, Equatable, Sendable {
  /// The folder holds neither form of parts, or both (P1).
  case folder(path: String, found: String)
  /// A list, a manifest or a configuration is not of the form required (P2, P3).
  case document(path: String, field: String, expected: String, found: String)
  /// A part's or the whole file's bytes are not those listed (P4, P5).
  case digest(path: String, expected: String, found: String)
}

extension PartsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .folder(let path, let found):
      "\(path.escapedForDisplay): expected one list of parts (*.parts.json) or an OCI image layout, "
        + "found \(found)"
    case .document(let path, let field, let expected, let found):
      "\(path.escapedForDisplay): \(field): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 300))"
    case .digest(let path, let expected, let found):
      "\(path.escapedForDisplay): sha256: expected \(expected), found \(found)"
    }
  }
}
