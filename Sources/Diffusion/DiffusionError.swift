import FileIO
import Tensors

/// A reason why a schedule cannot be made or a trajectory cannot be walked.
public enum DiffusionError: Error, Sendable {
  /// A setting has a value outside what it allows.
  case setting(name: String, expected: String, found: String)
  /// A tokenizer's file breaks its format, or asks for what is not supported.
  case tokenizer(file: String, field: String, expected: String, found: String)
  /// A scheduler's configuration is no JSON object.
  case configuration(file: String, reason: String)
  /// A key of a scheduler's configuration has a value outside what it allows.
  case key(file: String, key: String, expected: String, found: String)
  /// A scheduler's configuration has a key that no scheduler has.
  case unknownKey(file: String, key: String, className: String)
  /// A scheduler's class, or a value of a key, that the tool does not have.
  case unsupported(file: String, what: String, found: String, supported: [String])
  /// A timestep outside the schedule.
  case timestep(found: Int, count: Int)
  /// The clean estimate is 0 / 0: noise is predicted where nothing but noise is left.
  case noSignal(timestep: Int)
  /// Two tensors of a step differ in shape.
  case shape(name: String, expected: Shape, found: Shape)
  /// A tensor of a step does not hold 32-bit floats.
  case type(name: String, found: DType)
  /// A denoiser's graph lacks an input or an output that sampling needs.
  case graph(name: String, expected: String, found: [String])
  /// A denoiser's graph takes an input that no conditioning gives.
  case missingConditioning(input: String, given: [String])
}

extension DiffusionError {
  /// Whether the request is valid, but beyond what the tool has.
  public var isUnsupported: Bool {
    if case .unsupported = self { true } else { false }
  }
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
    case .configuration(let file, let reason):
      "\(file.escapedForDisplay): \(reason)"
    case .key(let file, let key, let expected, let found):
      "\(file.escapedForDisplay): \(key.escapedForDisplay(limit: 100)): expected \(expected), "
        + "found \(found)"
    case .unknownKey(let file, let key, let className):
      "\(file.escapedForDisplay): \(key.escapedForDisplay(limit: 100)): unknown to "
        + className.escapedForDisplay(limit: 100)
    case .unsupported(let file, let what, let found, let supported):
      "\(file.escapedForDisplay): \(what.escapedForDisplay(limit: 100)): no support for "
        + "\(found.escapedForDisplay(limit: 100)); supported: \(supported.joined(separator: ", "))"
    case .timestep(let found, let count):
      "timestep \(found): expected 0 to \(count - 1)"
    case .noSignal(let timestep):
      "timestep \(timestep): the schedule leaves no signal there, so that a prediction of the noise "
        + "says nothing about the image; use v_prediction or sample, or another schedule"
    case .shape(let name, let expected, let found):
      "\(name.escapedForDisplay(limit: 100)): expected shape \(expected), found \(found)"
    case .type(let name, let found):
      "\(name.escapedForDisplay(limit: 100)): expected float32, found \(found.name)"
    case .graph(let name, let expected, let found):
      "graph \(name.escapedForDisplay(limit: 100)): expected \(expected), found "
        + found.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", ")
    case .missingConditioning(let input, let given):
      "the model's input \(input.escapedForDisplay(limit: 100)) is not given; given: "
        + (given.isEmpty
          ? "none" : given.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", "))
    }
  }
}
