import ModelGraph
import Tensors

/// What is known of a value before the graph runs.
public struct KnownValue: Sendable {
  /// Element type and extents, as far as they are known.
  public var type: TensorType
  /// The elements, where they are known and few.
  public var value: Tensor?

  /// Knowledge of a type, and perhaps of the value.
  public init(_ type: TensorType, value: Tensor? = nil) {
    self.type = type
    self.value = value
  }
}

/// What an operator's shape rule sees: its inputs as far as they are known.
public struct InferenceContext {
  /// The inputs; nil for one that is left out.
  public let inputs: [KnownValue?]
  /// How many outputs the node lists.
  public let outputCount: Int
  /// Infers the output types of a body (If, Loop, Scan) from those of its inputs.
  public let inferBody: (Graph, [TensorType]) throws -> [TensorType]

  /// A context for one node.
  public init(
    inputs: [KnownValue?], outputCount: Int,
    inferBody: @escaping (Graph, [TensorType]) throws -> [TensorType]
  ) {
    self.inputs = inputs
    self.outputCount = outputCount
    self.inferBody = inferBody
  }
}

extension InferenceContext {
  /// Whether input `index` is given.
  public func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// The type of input `index`, which the operator requires.
  ///
  /// - Throws: `OperatorError.missingInput`.
  public func type(_ index: Int, _ name: String) throws -> TensorType {
    guard index < inputs.count, let input = inputs[index] else {
      throw OperatorError.missingInput(index: index, name: name)
    }
    return input.type
  }

  /// The type of input `index`; nil where it is left out.
  public func optionalType(_ index: Int) -> TensorType? {
    index < inputs.count ? inputs[index]?.type : nil
  }

  /// The value of input `index`, where it is given and known.
  public func value(_ index: Int) -> Tensor? {
    index < inputs.count ? inputs[index]?.value : nil
  }

  /// The value of input `index` as integers (int32 or int64 elements), where it is known.
  public func ints(_ index: Int) -> [Int]? { value(index)?.integers }
}

extension Tensor {
  /// The elements as integers; nil unless they are int32 or int64.
  public var integers: [Int]? {
    switch dtype {
    case .int64: array(of: Int64.self).map(Int.init)
    case .int32: array(of: Int32.self).map(Int.init)
    default: nil
    }
  }
}
