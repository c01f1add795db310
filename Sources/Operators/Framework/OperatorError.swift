import FileIO
import ModelGraph
import Tensors

/// A rule of an operator that a node or its inputs break.
public enum OperatorError: Error, Equatable, Sendable {
  /// The registry has no operator of that name; `count` nodes use it.
  case unknownOperator(opType: String, domain: String, count: Int)
  /// The model's opset has a form of the operator that cannot be raised to the canonical one.
  case unsupportedOpset(opType: String, opset: Int, reason: String)
  /// The operator has no attribute of that name.
  case unknownAttribute(String)
  /// A required attribute is missing.
  case missingAttribute(String)
  /// An attribute has another type or value than the operator takes.
  case attribute(String, expected: String, found: String)
  /// The node has too few or too many inputs.
  case inputCount(expected: String, found: Int)
  /// A required input is left out.
  case missingInput(index: Int, name: String)
  /// An input's element type is not one the operator takes.
  case inputType(index: Int, expected: String, found: DType)
  /// An input's shape breaks a rule.
  case inputShape(index: Int, expected: String, found: Shape)
  /// An input's value breaks a rule (an index out of range, a split that does not add up).
  case inputValue(index: Int, expected: String, found: String)
  /// The inputs do not fit one another.
  case mismatch(expected: String, found: String)
  /// The operator is known, this use of it is not supported.
  case unsupported(String)
}

extension OperatorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownOperator(let opType, let domain, let count):
      "unsupported operator \((domain.isEmpty ? "" : domain + ".") + opType)".escapedForDisplay
        + " (\(count) \(count == 1 ? "node" : "nodes"))"
    case .unsupportedOpset(let opType, let opset, let reason):
      "unsupported: \(opType.escapedForDisplay) of opset \(opset): \(reason)"
    case .unknownAttribute(let name):
      "attribute \(name.escapedForDisplay(limit: 100)): the operator has none of that name"
    case .missingAttribute(let name):
      "attribute \(name): required, but missing"
    case .attribute(let name, let expected, let found):
      "attribute \(name): expected \(expected), found \(found.escapedForDisplay(limit: 200))"
    case .inputCount(let expected, let found):
      "inputs: expected \(expected), found \(found)"
    case .missingInput(let index, let name):
      "input \(index) (\(name)): required, but left out"
    case .inputType(let index, let expected, let found):
      "input \(index): expected \(expected), found elements of type \(found.name)"
    case .inputShape(let index, let expected, let found):
      "input \(index): expected \(expected), found shape \(found)"
    case .inputValue(let index, let expected, let found):
      "input \(index): expected \(expected), found \(found.escapedForDisplay(limit: 200))"
    case .mismatch(let expected, let found):
      "expected \(expected), found \(found.escapedForDisplay(limit: 200))"
    case .unsupported(let what):
      "unsupported: \(what)"
    }
  }
}

extension OperatorError {
  /// Whether the model asks for something that the tool does not have, as against breaking a rule.
  public var isUnsupported: Bool {
    switch self {
    case .unknownOperator, .unsupportedOpset, .unsupported: true
    default: false
    }
  }
}
