import FileIO

/// A reason why a configuration and its weights cannot become a graph.
public enum ArchitectureError: Error, Sendable {
  /// A configuration names a class that the tool has no builder for.
  case unknownClass(file: String, name: String, known: [String])
}

extension ArchitectureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownClass(let file, let name, let known):
      "\(file.escapedForDisplay): _class_name: expected one of "
        + "\(known.joined(separator: ", ")), found \(name.escapedForDisplay(limit: 100))"
    }
  }
}
