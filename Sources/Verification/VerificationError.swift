import FileIO
import Tensors

/// A reason why two models or outputs cannot be compared.
public enum VerificationError: Error, Equatable, Sendable {
  /// The same output or tensor has two shapes.
  case shape(name: String, expected: Shape, found: Shape)
  /// An output's element type is not a real number, or not the expected one.
  case type(name: String, found: DType)
  /// An output or tensor of the reference is missing in the candidate.
  case missing(name: String, found: [String])
  /// A component of the reference has no counterpart.
  case missingComponent(name: String, found: [String])
  /// A graph input has no rule by which values can be drawn for it.
  case cannotSynthesize(input: String, reason: String)
  /// The two models have nothing in common that could be compared.
  case nothingToCompare
  /// Two graphs have no value in common that could be compared.
  case noCommonLayer(reference: String)
  /// A file is no report of a verification.
  case report(file: String, reason: String)
  /// A partial report does not belong to the others.
  case cannotMerge(file: String, reason: String)
  /// A file of gates breaks a rule of `formats/gate.md`.
  case gate(file: String, line: Int?, field: String, expected: String, found: String)
}

extension VerificationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .shape(let name, let expected, let found):
      "\(name.escapedForDisplay(limit: 300)): expected shape \(expected), found \(found)"
    case .type(let name, let found):
      "\(name.escapedForDisplay(limit: 300)): elements of type \(found.name) cannot be compared"
    case .missing(let name, let found):
      "\(name.escapedForDisplay(limit: 300)): expected, but missing; found \(Self.list(found))"
    case .missingComponent(let name, let found):
      "component \(name.escapedForDisplay): the candidate has none; it has \(Self.list(found))"
    case .cannotSynthesize(let input, let reason):
      "input \(input.escapedForDisplay(limit: 300)): no values can be drawn: \(reason); "
        + "give them with --inputs"
    case .nothingToCompare:
      "the two models have no output and no tensor in common"
    case .noCommonLayer(let reference):
      "graph \(reference.escapedForDisplay): no layer of the candidate has an output of a name that "
        + "the reference knows"
    case .report(let file, let reason):
      "\(file.escapedForDisplay): expected a report of imgconv verify: "
        + reason.escapedForDisplay(limit: 500)
    case .cannotMerge(let file, let reason):
      "\(file.escapedForDisplay): cannot be merged: \(reason.escapedForDisplay(limit: 500))"
    case .gate(let file, let line, let field, let expected, let found):
      "\(file.escapedForDisplay)\(line.map { ":\($0)" } ?? ""): "
        + "\(field.escapedForDisplay(limit: 100)): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 200))"
    }
  }

  private static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(12).map { $0.escapedForDisplay(limit: 100) }
    return shown.joined(separator: ", ") + (names.count > shown.count ? ", …" : "")
  }
}
