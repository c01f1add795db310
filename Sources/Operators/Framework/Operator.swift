import ModelGraph
import Tensors

/// An operator of the canonical opset (`Graph.canonicalOpset`), with one node's attributes read.
///
/// One file holds one operator: its attributes, its shape rule, its kernel. An operator is made
/// once when a plan is built and then runs any number of times, also on several threads at once.
public protocol Operator: Sendable {
  /// The operator's name in ONNX, such as `Conv`.
  static var opType: String { get }

  /// The operator set; empty for ai.onnx.
  static var domain: String { get }

  /// Reads the node's attributes; what is left unread is refused by name afterwards.
  ///
  /// - Throws: `OperatorError` for an attribute that is missing, of another type or out of range.
  init(_ attributes: inout AttributeReader) throws

  /// The shape rule: the types of the outputs, as far as the inputs' types (and values, where they
  /// are known) tell them. Gives one type for each output of the node.
  ///
  /// - Throws: `OperatorError` where the inputs cannot be right whatever their values.
  func infer(_ context: InferenceContext) throws -> [TensorType]

  /// The outputs' values where they follow from the inputs' types alone (Shape, Size); nil
  /// otherwise. Nodes whose inputs' values are all known are simply run.
  func fold(_ context: InferenceContext) throws -> [Tensor]?

  /// The kernel: computes all outputs that are asked for (nil for one that is not).
  ///
  /// - Throws: `OperatorError` for inputs that break the operator's rules, `TensorError` or
  ///   `KernelError` from below. Never traps on what an input holds.
  func run(_ context: ExecutionContext) throws -> [Tensor?]
}

extension Operator {
  public static var domain: String { "" }

  public func fold(_ context: InferenceContext) throws -> [Tensor]? { nil }
}
