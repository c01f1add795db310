import FileIO
import ModelGraph
import Operators
import Synchronization
import Tensors

/// The memory that a session's runs put their results in: an arena for each run that goes on, kept
/// for the next one of the same input shapes.
final class ActivationMemory: Sendable {
  private struct State {
    /// The shapes that `plan` is for.
    var shapes: [Shape] = []
    var plan: ActivationPlan?
    var idle: [Arena] = []
  }

  private let plan: Plan
  private let graph: Graph
  private let registry: OperatorRegistry
  private let state = Mutex(State())

  /// Memory for runs of `plan`, which was made of `graph`; small weights are read.
  ///
  /// - Throws: `RuntimeError.weight`, the source's error.
  init(
    _ plan: Plan, graph: Graph, weights: WeightReader, registry: OperatorRegistry
  ) throws {
    self.plan = plan
    self.graph = try weights.inliningSmallTensors(of: graph)
    self.registry = registry
  }

  /// Where results lie for `inputs`, in the order of the session's inputs; nil where the operators'
  /// rules refuse them, as the run itself will.
  func activations(for inputs: [Tensor]) -> ActivationPlan? {
    let shapes = inputs.map(\.shape)
    if let plan = state.withLock({ $0.shapes == shapes ? $0.plan : nil }) { return plan }
    let given = Dictionary(
      zip(plan.inputs.map(\.name), inputs.map(Self.known)), uniquingKeysWith: { first, _ in first })
    guard
      let known = try? ShapeInference(registry: registry).infer(
        graph.binding(inputs: given), inputs: given)
    else { return nil }
    let made = ActivationPlan(plan, known: known)
    state.withLock { state in
      state.shapes = shapes
      state.plan = made
      state.idle = []
    }
    return made
  }

  private static func known(_ tensor: Tensor) -> KnownValue {
    KnownValue(TensorType(tensor.dtype, tensor.shape))
  }

  /// An arena for one run; nil where nothing can be planned.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  func arena(for inputs: [Tensor], fallback: any TensorAllocator) throws -> Arena? {
    guard let plan = activations(for: inputs), plan.memory.byteCount > 0 else { return nil }
    let shapes = inputs.map(\.shape)
    let idle = state.withLock { $0.shapes == shapes ? $0.idle.popLast() : nil }
    return try idle ?? Arena(plan, fallback: fallback)
  }

  /// Keeps `arena`, of a run with `inputs`, for the next.
  func keep(_ arena: Arena, for inputs: [Tensor]) {
    let shapes = inputs.map(\.shape)
    state.withLock { if $0.shapes == shapes { $0.idle.append(arena) } }
  }
}
