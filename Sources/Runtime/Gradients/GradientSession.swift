import ModelGraph
import Operators
import Tensors

/// A graph and its gradient, ready to run any number of times.
public final class GradientSession: Sendable {
  /// A forward run's outputs, with what the gradient needs of it.
  public struct Tape: Sendable {
    /// The graph's outputs by name.
    public let outputs: [String: Tensor]
    fileprivate let kept: [String: Tensor]
  }

  /// The graphs.
  public let gradient: GradientGraph
  private let forwardSession: Session
  private let backwardSession: Session
  private let outputNames: Set<String>

  /// Plans both graphs, reading the weights that are not variables.
  ///
  /// - Throws: what `Session` throws.
  public init(
    _ gradient: GradientGraph, outputs: [String], weights: any TensorSource,
    options: SessionOptions = SessionOptions()
  ) throws {
    self.gradient = gradient
    outputNames = Set(outputs)
    forwardSession = try Session(graph: gradient.forward, weights: weights, options: options)
    backwardSession = try Session(graph: gradient.backward, weights: weights, options: options)
  }
}

extension GradientSession {
  /// Runs the graph on a tensor for each of its inputs and variables.
  ///
  /// - Throws: what `Session.run` throws.
  public func forward(_ inputs: [String: Tensor]) throws -> Tape {
    let results = try forwardSession.run(inputs)
    var kept: [String: Tensor] = [:]
    for name in gradient.kept { kept[name] = results[name] ?? inputs[name] }
    return Tape(outputs: results.filter { outputNames.contains($0.key) }, kept: kept)
  }

  /// The gradients with respect to the variables for those with respect to the outputs.
  ///
  /// - Parameter outputGradients: a tensor of the output's shape for each output, by its name.
  /// - Returns: by variable; a variable that the outputs do not depend on is left out.
  /// - Throws: what `Session.run` throws.
  public func backward(
    _ tape: Tape, _ outputGradients: [String: Tensor]
  ) throws -> [String: Tensor] {
    var inputs = tape.kept
    for (output, name) in gradient.outputGradients { inputs[name] = outputGradients[output] }
    let results = try backwardSession.run(inputs)
    return gradient.gradients.compactMapValues { results[$0] }
  }
}
