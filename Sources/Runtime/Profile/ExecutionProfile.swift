import Dispatch
import ModelGraph
import Synchronization
import Tensors

/// Records when each step of a session's runs begins and ends.
///
/// Steps of one run follow one another; a step of a control-flow body lies inside its node's. Runs
/// that go on at once on several threads may share a profile, but then times overlap.
public final class ExecutionProfile: ExecutionObserver {
  /// One step that has run.
  public struct Event: Sendable {
    /// The operator with its domain, such as `Conv`.
    public let opType: String
    /// The node's name, or its first output where it has none.
    public let node: String
    /// The types and shapes of the outputs, such as `float32 [1, 320, 64, 64]`.
    public let outputs: String
    /// When it began, in nanoseconds of the system's monotonic clock.
    public let start: UInt64
    /// How long it took, in nanoseconds, bodies included.
    public let duration: UInt64
    /// The part of `duration` not spent in steps of its bodies, in nanoseconds.
    public let ownDuration: UInt64
  }

  private struct State {
    var events: [Event] = []
    /// For each step that is running, the time its bodies' steps have taken so far.
    var nested: [UInt64] = []
  }

  private let state = Mutex(State())

  /// An empty profile.
  public init() {}

  /// The steps in the order in which they ended.
  public var events: [Event] { state.withLock(\.events) }

  public func willRun(_ node: Node) -> UInt64 {
    state.withLock { $0.nested.append(0) }
    return DispatchTime.now().uptimeNanoseconds
  }

  public func didRun(_ node: Node, _ token: UInt64, outputs: [Tensor?]) {
    let duration = DispatchTime.now().uptimeNanoseconds - token
    let types = outputs.map { $0.map { "\($0.dtype.name) \($0.shape)" } ?? "-" }
    let identifier = node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? "" : node.name
    state.withLock { state in
      let inside = state.nested.popLast() ?? 0
      if let last = state.nested.indices.last { state.nested[last] += duration }
      state.events.append(
        Event(
          opType: node.qualifiedOpType, node: identifier, outputs: types.joined(separator: ", "),
          start: token, duration: duration, ownDuration: duration - min(duration, inside)))
    }
  }
}
