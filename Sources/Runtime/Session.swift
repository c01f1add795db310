import FileIO
import ModelGraph
import Operators
import Tensors

/// How a session plans and runs.
public struct SessionOptions: Sendable {
  /// The operators.
  public var registry: OperatorRegistry
  /// Where results get their memory.
  public var allocator: any TensorAllocator
  /// Which rewrites the graph goes through; nil for all but those that the environment variable
  /// `IMGCONV_WITHOUT_FUSION` names.
  public var rewrites: RewriteSelection?

  /// The defaults: all operators, memory from the system, the environment's rewrites.
  public init(
    registry: OperatorRegistry = .standard, allocator: any TensorAllocator = SystemAllocator(),
    rewrites: RewriteSelection? = nil
  ) {
    self.registry = registry
    self.allocator = allocator
    self.rewrites = rewrites
  }
}

/// A graph with its weights, ready to run any number of times.
///
/// Runs give the same bits whatever the number of threads. A session may be used from several
/// threads at once.
public final class Session: Sendable {
  /// What a caller provides.
  public let inputs: [ValueInfo]
  /// What a run gives.
  public let outputs: [ValueInfo]
  private let graphName: String
  private let inputsOnlyCast: Set<ByteString>
  private let plan: Plan
  private let memory: ActivationMemory
  private let options: SessionOptions

  /// Plans `graph`, which must be valid and at the canonical opset, reading its weights.
  ///
  /// - Throws: `RuntimeError.unsupportedOperators` naming all of them at once, `.weight`,
  ///   `.unknownRewrite`,
  ///   `NodeError`, `GraphError`, or the source's error.
  public init(
    graph: Graph, weights: any TensorSource, options: SessionOptions = SessionOptions()
  ) throws {
    try graph.validate()
    let unknown = options.registry.unknownOperators(of: graph)
    guard unknown.isEmpty else {
      throw RuntimeError.unsupportedOperators(graph: graph.name, unknown)
    }
    let rewriting = GraphRewriting(
      selection: try options.rewrites ?? .environment(), registry: options.registry.withFused)
    let reader = WeightReader(weights)
    let rewritten = try rewriting.rewritten(graph, weights: reader)
    plan = try PlanBuilder.plan(rewritten: rewritten, weights: reader, rewriting: rewriting)
    memory = try ActivationMemory(
      plan, graph: rewritten, weights: reader, registry: rewriting.registry)
    inputs = graph.requiredInputs
    outputs = graph.outputs
    graphName = graph.name
    inputsOnlyCast = graph.inputsOnlyCast
    self.options = options
  }
}

extension Session {
  /// Whether the input called `name` may be of any number type, whatever its declared one: the
  /// graph does nothing but cast it.
  public func takesAnyNumber(_ name: String) -> Bool { inputsOnlyCast.contains(ByteString(name)) }

  /// Runs the graph.
  ///
  /// - Parameters:
  ///   - given: a tensor for each of `inputs`, by name; of the declared type, or of any number
  ///     type where the graph does nothing but cast it (a timestep between two whole ones).
  ///   - observer: is told of every step.
  /// - Returns: a tensor for each of `outputs`, by name.
  /// - Throws: `RuntimeError` for inputs that are missing, unknown or do not fit; `NodeError`.
  public func run(
    _ given: [String: Tensor], observer: (any ExecutionObserver)? = nil
  ) throws -> [String: Tensor] {
    let tensors = try runInOrder(ordered(given), observer: observer)
    return Dictionary(
      zip(outputs.map(\.name), tensors), uniquingKeysWith: { first, _ in first })
  }

  /// Runs the graph on tensors in the order of `inputs`; results are in the order of `outputs`.
  public func runInOrder(
    _ tensors: [Tensor], observer: (any ExecutionObserver)? = nil
  ) throws -> [Tensor] {
    precondition(tensors.count == inputs.count)
    try InputChecker(graph: graphName, onlyCast: inputsOnlyCast).check(inputs, tensors)
    let arena = try memory.arena(for: tensors, fallback: options.allocator)
    let executor = Executor(allocator: options.allocator, arena: arena, observer: observer)
    defer { if let arena { memory.keep(arena, for: tensors) } }
    return try executor.run(plan, tensors)
  }

  /// How many bytes the results inside a run on `tensors`, in the order of `inputs`, are planned to
  /// take, and the most that are needed at once; nil where shapes are not known ahead.
  public func activationMemory(for tensors: [Tensor]) -> MemoryPlan? {
    memory.activations(for: tensors)?.memory
  }

  private func ordered(_ given: [String: Tensor]) throws -> [Tensor] {
    let names = inputs.map(\.name)
    if let stranger = given.keys.sorted().first(where: { !names.contains($0) }) {
      throw RuntimeError.unexpectedInput(graph: graphName, name: stranger, expected: names)
    }
    return try names.map { name in
      guard let tensor = given[name] else {
        throw RuntimeError.missingInput(graph: graphName, name: name, expected: names)
      }
      return tensor
    }
  }
}
