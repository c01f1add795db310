import FileIO

/// A reason why a configuration and its weights cannot become a graph.
public enum ArchitectureError: Error, Equatable, Sendable {
  /// The configuration is no JSON object; `reason` says where and why.
  case notConfiguration(file: String, reason: String)
  /// A configuration names a class that the tool has no builder for.
  case unknownClass(file: String, name: String, known: [String])
  /// A key is there that the class does not know: all of them at once.
  case unknownKeys(file: String, className: String, keys: [String])
  /// A key that the class cannot do without is missing.
  case missingKey(file: String, key: String, expected: String)
  /// A key's value is of another kind, out of range, or asks for something not supported.
  case value(file: String, key: String, expected: String, found: String)
  /// Tensors are missing, left over, or of the wrong type or shape: all of them at once.
  case tensors(file: String, className: String, problems: [TensorProblem])
  /// The network would have more tensors or nodes than any real one.
  case limit(file: String, what: String, limit: Int)
}

/// A tensor that does not fit the architecture.
public struct TensorProblem: Hashable, Sendable {
  /// The checkpoint's name of the tensor.
  public var name: String
  /// The type and shape expected; `no such tensor` for one left over.
  public var expected: String
  /// What there is; `nothing` for one missing.
  public var found: String

  /// Describes a problem.
  public init(name: String, expected: String, found: String) {
    self.name = name
    self.expected = expected
    self.found = found
  }
}

extension ArchitectureError {
  /// Whether the input asks for something that the tool does not have, and breaks no rule.
  public var isUnsupported: Bool {
    switch self {
    case .unknownClass, .unknownKeys, .limit: true
    case .notConfiguration, .missingKey, .value, .tensors: false
    }
  }
}

extension ArchitectureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notConfiguration(let file, let reason):
      "\(file.escapedForDisplay): expected a configuration (a JSON object), found \(reason)"
    case .unknownClass(let file, let name, let known):
      "\(file.escapedForDisplay): _class_name: expected one of "
        + "\(known.joined(separator: ", ")), found \(name.escapedForDisplay(limit: 100))"
    case .unknownKeys(let file, let className, let keys):
      "\(file.escapedForDisplay): \(className) has no such keys: "
        + Self.list(keys.map { $0.escapedForDisplay(limit: 100) })
    case .missingKey(let file, let key, let expected):
      "\(file.escapedForDisplay): \(key): expected \(expected), found nothing"
    case .value(let file, let key, let expected, let found):
      "\(file.escapedForDisplay): \(key): expected \(expected), found \(found)"
    case .tensors(let file, let className, let problems):
      "\(file.escapedForDisplay): does not fit \(className) as configured: "
        + Self.list(problems.map(\.description), separator: "; ")
    case .limit(let file, let what, let limit):
      "\(file.escapedForDisplay): the network would have more than \(limit) \(what)"
    }
  }

  /// How many items a message lists before it counts the rest.
  private static let listed = 20

  private static func list(_ items: [String], separator: String = ", ") -> String {
    let rest = items.count - listed
    return items.prefix(listed).joined(separator: separator)
      + (rest > 0 ? "\(separator)and \(rest) more" : "")
  }
}

extension TensorProblem: CustomStringConvertible {
  public var description: String {
    "\(name.escapedForDisplay(limit: 200)): expected \(expected), found \(found)"
  }
}
