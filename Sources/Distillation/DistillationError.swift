import FileIO
import Tensors

/// A reason why a distillation cannot begin or go on.
public enum DistillationError: Error, Sendable {
  /// A setting has a value outside what it allows.
  case setting(name: String, expected: String, found: String)
  /// The settings' file is no valid YAML, or has keys that mean nothing.
  case settingsFile(reason: String)
  /// The student's graph lacks an input or an output that training needs.
  case graph(name: String, expected: String, found: [String])
  /// Nothing tells what to give an input of the networks.
  case missingConditioning(input: String, given: [String])
  /// A tensor of images, conditions or a checkpoint has another type or shape than the networks take.
  case tensor(name: String, expected: String, found: String)
  /// A checkpoint was made with other settings or another teacher.
  case otherRun(expected: String, found: String)
  /// The loss or a gradient is no number: the training has diverged.
  case diverged(iteration: Int, loss: Float)
}

extension DistillationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let name, let expected, let found):
      "\(name): expected \(expected), found \(found.escapedForDisplay(limit: 100))"
    case .settingsFile(let reason):
      "settings: \(reason.escapedForDisplay(limit: 400))"
    case .graph(let name, let expected, let found):
      "graph \(name.escapedForDisplay(limit: 100)): expected \(expected), found "
        + found.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", ")
    case .missingConditioning(let input, let given):
      "nothing tells what to give input \(input.escapedForDisplay(limit: 100)) (conditions are "
        + "given for: \(given.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", ")))"
    case .tensor(let name, let expected, let found):
      "tensor \(name.escapedForDisplay(limit: 200)): expected \(expected), found \(found)"
    case .otherRun(let expected, let found):
      "the checkpoint belongs to another run: expected \(expected.escapedForDisplay(limit: 400)), "
        + "found \(found.escapedForDisplay(limit: 400))"
    case .diverged(let iteration, let loss):
      "iteration \(iteration): the loss is \(loss); a lower learning rate may help"
    }
  }
}
