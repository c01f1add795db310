import FileIO
import ModelGraph
import Operators
import Runtime
import Synchronization
import Tensors

/// Hands on chosen values of a graph as runs compute them.
final class ValueObserver: ExecutionObserver {
  private let wanted: Set<ByteString>
  private let receive: @Sendable (_ name: String, _ value: Tensor) -> Void

  init(
    _ wanted: Set<ByteString>,
    receive: @escaping @Sendable (_ name: String, _ value: Tensor) -> Void
  ) {
    self.wanted = wanted
    self.receive = receive
  }

  func willRun(_ node: Node) -> UInt64 { 0 }

  func didRun(_ node: Node, _ token: UInt64, outputs: [Tensor?]) {
    for (name, output) in zip(node.outputs, outputs) {
      if let output { offer(name, output) }
    }
  }

  /// Hands on a graph's input or a node's output if it is wanted.
  func offer(_ name: String, _ value: Tensor) {
    if wanted.contains(ByteString(name)) { receive(name, value) }
  }
}

/// Runs samples through a graph and shows chosen values.
struct Calibrator {
  let session: Session
  let data: any CalibrationData

  /// - Parameter observes: whether values inside the graph are wanted: it then runs as it is
  ///   stored, since fused operators would hide some of them.
  init(
    graph: Graph, weights: any TensorSource, data: any CalibrationData, observes: Bool = false
  ) throws {
    let options = observes ? SessionOptions(rewrites: RewriteSelection.none) : SessionOptions()
    session = try Session(graph: graph, weights: weights, options: options)
    self.data = data
  }

  /// Runs every sample; `receive` sees each wanted value with the sample's number and the step.
  func pass(
    _ wanted: Set<ByteString>,
    receive:
      @escaping @Sendable (_ name: String, _ value: Tensor, _ sample: Int, _ step: Int) ->
      Void
  ) throws {
    for sample in 0..<data.sampleCount {
      _ = try data.run(sample, on: session) { inputs, step in
        let observer = ValueObserver(wanted) { receive($0, $1, sample, step) }
        for (name, value) in inputs { observer.offer(name, value) }
        return try session.run(inputs, observer: observer)
      }
    }
  }

  /// What each sample gives in the end.
  func outputs() throws -> [[String: Tensor]] {
    try (0..<data.sampleCount).map { sample in
      try data.run(sample, on: session) { inputs, _ in try session.run(inputs) }
    }
  }
}
