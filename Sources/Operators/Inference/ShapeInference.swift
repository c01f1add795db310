import FileIO
import ModelGraph
import Tensors

/// Types and shapes of all values of a graph, found by the operators' own rules.
///
/// Small values that follow from constants and shapes are computed on the way, so that shapes made
/// by Shape, Gather, Concat and the like are known too.
public struct ShapeInference {
  /// Values of more elements than this are not computed ahead.
  public static let foldingLimit = 4096

  private let registry: OperatorRegistry

  /// Infers with the rules of `registry`.
  public init(registry: OperatorRegistry = .standard) { self.registry = registry }

  /// What is known of every named value of `graph`.
  ///
  /// - Parameters:
  ///   - inputs: what is known of the inputs beyond their declarations (a shape, a value).
  ///   - outer: what is known of the values of the graphs around this one.
  /// - Throws: `NodeError` for the first node whose rule is broken; `OperatorError.unknownOperator`
  ///   inside it for an operator that the registry lacks.
  public func infer(
    _ graph: Graph, inputs: [String: KnownValue] = [:], outer: [ByteString: KnownValue] = [:]
  ) throws -> [ByteString: KnownValue] {
    var known = outer
    for value in graph.inputs {
      known[ByteString(value.name)] = inputs[value.name] ?? KnownValue(value.type)
    }
    for initializer in graph.initializers where inputs[initializer.name] == nil {
      known[ByteString(initializer.name)] = KnownValue(initializer)
    }
    for node in graph.nodes {
      do {
        let results = try infer(node, known)
        for (name, result) in zip(node.outputs, results) where !name.isEmpty {
          known[ByteString(name)] = result.merged(with: graph.valueTypes[name])
        }
      } catch {
        throw NodeError(graph: graph.name, node: node, cause: error)
      }
    }
    return known
  }

  private func infer(_ node: Node, _ known: [ByteString: KnownValue]) throws -> [KnownValue] {
    let made = try registry.make(node)
    let inputs = node.inputs.map { name -> KnownValue? in
      name.isEmpty ? nil : known[ByteString(name)] ?? KnownValue(TensorType(nil, nil))
    }
    let context = InferenceContext(inputs: inputs, outputCount: node.outputs.count) { body, types in
      try bodyTypes(body, types, known)
    }
    let types = try made.infer(context)
    if let values = try foldedValues(made, node, context, types) {
      return values.map { KnownValue(TensorType($0.dtype, $0.shape), value: $0) }
    }
    return types.map { KnownValue($0) }
  }

  private func bodyTypes(
    _ body: Graph, _ types: [TensorType], _ outer: [ByteString: KnownValue]
  ) throws -> [TensorType] {
    let given = zip(body.inputs, types).map { ($0.name, KnownValue($1)) }
    let inputs = Dictionary(given, uniquingKeysWith: { first, _ in first })
    let known = try infer(body, inputs: inputs, outer: outer)
    return body.outputs.map { known[ByteString($0.name)]?.type ?? $0.type }
  }

  /// The outputs' values where all inputs' values are known, or the types alone tell them.
  private func foldedValues(
    _ made: any Operator, _ node: Node, _ context: InferenceContext, _ types: [TensorType]
  ) throws -> [Tensor]? {
    if let values = try made.fold(context) { return values }
    guard node.subgraphs.isEmpty, !types.isEmpty,
      types.allSatisfy({ ($0.shape?.elementCount ?? .max) <= Self.foldingLimit }),
      context.inputs.allSatisfy({ $0 == nil || $0?.value != nil })
    else { return nil }
    let requested = node.outputs.map { !$0.isEmpty }
    let values = try made.run(
      ExecutionContext(inputs: context.inputs.map { $0?.value }, requestedOutputs: requested))
    let present = values.compactMap { $0 }
    return present.count == node.outputs.count ? present : nil
  }
}

extension KnownValue {
  fileprivate init(_ initializer: Initializer) {
    let type = TensorType(initializer.dtype, initializer.shape)
    if case .inline(let tensor) = initializer.storage,
      tensor.elementCount <= ShapeInference.foldingLimit
    {
      self.init(type, value: tensor)
    } else {
      self.init(type)
    }
  }

  /// The inferred knowledge, completed by what the model declares where inference knows less.
  fileprivate func merged(with declared: TensorType?) -> KnownValue {
    guard let declared else { return self }
    var merged = self
    if type.dtype == nil { merged.type.dtype = declared.dtype }
    guard let dimensions = type.dimensions else {
      merged.type.dimensions = declared.dimensions
      return merged
    }
    if let others = declared.dimensions, others.count == dimensions.count {
      merged.type.dimensions = zip(dimensions, others).map { $0 == .unknown ? $1 : $0 }
    }
    return merged
  }
}
