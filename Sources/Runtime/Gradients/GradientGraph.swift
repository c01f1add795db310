import FileIO
import ModelGraph
import Operators
import Tensors

/// A graph and the graph of its gradient, both of the same operators, for inputs of given shapes.
///
/// The gradient is taken in reverse mode: from the gradients with respect to the outputs, back
/// through the operators' rules, to those with respect to the chosen values.
public struct GradientGraph: Sendable {
  /// Which of the forward graph's values are kept for the gradient.
  public enum Checkpointing: Sendable, Equatable {
    /// All that the gradient needs.
    case none
    /// Those that pass from one of this many segments of the graph to a later one; the others are
    /// computed a second time, a segment at a time (Chen et al. 2016).
    case segments(Int)
  }

  /// The graph, its chosen weights as inputs; gives its own outputs, then `kept`.
  public let forward: Graph
  /// The gradient: takes what of the forward graph's inputs and kept values it needs, then the
  /// gradients with respect to the outputs; gives those with respect to the chosen values.
  public let backward: Graph
  /// The forward graph's values that the gradient takes, its inputs among them.
  public let kept: [String]
  /// For each output of the graph, the input of `backward` that takes its gradient; nil where the
  /// chosen values do not touch it.
  public let outputGradients: [String: String]
  /// For each chosen value, the output of `backward` that gives its gradient.
  public let gradients: [String: String]

  /// Differentiates `graph`, which must be valid and at the canonical opset.
  ///
  /// - Parameters:
  ///   - weights: the graph's weights; small ones are read, since shapes may follow from them.
  ///   - variables: inputs or floating-point weights of the graph to differentiate by; weights
  ///     become inputs.
  ///   - shapes: the shapes of inputs that the graph does not declare whole.
  /// - Throws: `RuntimeError.noGradient` naming all operators without a rule, `.noVariable`,
  ///   `NodeError` where a rule refuses a node or a shape is not known.
  public init(
    _ graph: Graph, weights: any TensorSource, variables: [String], shapes: [String: Shape] = [:],
    checkpointing: Checkpointing = .none, registry: OperatorRegistry = .standard
  ) throws {
    try graph.validate()
    let prepared = try ConcreteGraph(
      graph, weights: weights, variables: variables, shapes: shapes, registry: registry)
    var builder = try GradientBuilder(prepared, variables: variables, registry: registry)
    try builder.differentiate(checkpointing)
    forward = builder.forward
    backward = builder.backward
    kept = builder.kept
    outputGradients = builder.seeds
    gradients = builder.results
  }
}
