import FileIO
import ModelGraph
import Operators
import Synchronization
import Tensors

/// Gives the second moments of the inputs of a component's layers, some layers at a time.
///
/// Layers are taken in the order of the weights; as many share a pass over the calibration data as
/// fit `memoryLimit`. Asking for a weight of a later pass drops what earlier ones found.
final class MomentsProvider: Sendable {
  /// What the moments held at a time may take: 512 MiB.
  static let memoryLimit = 512 << 20

  private let component: Component
  private let targets: [[Target]]
  private let passes: [ByteString: Int]
  private let data: [Int: any CalibrationData]
  private let rowLimit: Int
  private let progress: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A weight and the layers that multiply by it.
  struct Target: Sendable {
    let weight: ByteString
    let shape: Shape
    let matrix: WeightMatrix
    let layers: [ProductLayer]
  }

  private struct State {
    var pass: Int?
    var moments: [ByteString: LayerMoments] = [:]
    var sessions: [Int: Calibrator] = [:]
  }

  /// - Parameters:
  ///   - targets: the weights wanted, in the order in which they will be asked for.
  ///   - data: what to run each of the component's graphs on, by the graph's number.
  ///   - rowLimit: the most rows taken from one evaluation.
  init(
    component: Component, targets: [Target], data: [Int: any CalibrationData], rowLimit: Int,
    progress: @escaping @Sendable (String) -> Void
  ) {
    self.component = component
    self.data = data
    self.rowLimit = rowLimit
    self.progress = progress
    var grouped: [[Target]] = []
    var size = 0
    for target in targets {
      let more = LayerMoments.byteCount(target.matrix)
      if grouped.isEmpty || size + more > Self.memoryLimit {
        grouped.append([])
        size = 0
      }
      grouped[grouped.count - 1].append(target)
      size += more
    }
    self.targets = grouped
    var passes: [ByteString: Int] = [:]
    for (number, pass) in grouped.enumerated() {
      for target in pass { passes[target.weight] = number }
    }
    self.passes = passes
  }
}

extension MomentsProvider {
  /// The moments of the inputs that `weight` is multiplied by; nil for a weight not wanted.
  ///
  /// - Throws: `QuantizationError.unreachedActivation` for a layer that the data never reach; what
  ///   running the graph throws.
  func moments(for weight: String) throws -> LayerMoments? {
    let key = ByteString(weight)
    guard let pass = passes[key] else { return nil }
    return try state.withLock { state in
      if state.pass != pass {
        state.moments = [:]
        state.moments = try measure(pass, &state.sessions)
        state.pass = pass
      }
      guard let moments = state.moments[key] else { return nil }
      guard moments.groups.allSatisfy({ $0.rowCount > 0 }) else {
        let layer = targets[pass].first { $0.weight == key }?.layers.first
        throw QuantizationError.unreachedActivation(
          component: component.label, value: layer?.activation ?? weight)
      }
      return moments
    }
  }

  private func measure(
    _ pass: Int, _ sessions: inout [Int: Calibrator]
  ) throws -> [ByteString: LayerMoments] {
    progress("calibrating weights, pass \(pass + 1) of \(targets.count)")
    let collector = MomentsCollector(targets[pass], rowLimit: rowLimit)
    for graph in collector.graphs {
      guard let data = data[graph] else { continue }
      let calibrator =
        try sessions[graph]
        ?? Calibrator(
          graph: component.graphs[graph], weights: component.weights, data: data, observes: true)
      sessions[graph] = calibrator
      try calibrator.pass(collector.wanted(in: graph)) { name, value, sample, step in
        collector.add(name, value, graph: graph, seed: UInt64(sample) << 16 | UInt64(step))
      }
      try collector.rethrow()
    }
    return collector.result
  }
}

/// Sums up the moments of several weights during a pass.
private final class MomentsCollector: Sendable {
  private let rows: [(graph: Int, activation: ByteString, weight: ByteString, rows: ActivationRows)]
  private let state: Mutex<State>

  private struct State {
    var moments: [ByteString: LayerMoments]
    var failure: (any Error)?
  }

  init(_ targets: [MomentsProvider.Target], rowLimit: Int) {
    rows = targets.flatMap { target in
      target.layers.map { layer in
        (
          layer.graph, ByteString(layer.activation), target.weight,
          ActivationRows(
            layer: layer, weight: target.shape, matrix: target.matrix, limit: rowLimit)
        )
      }
    }
    let moments = targets.map { ($0.weight, LayerMoments($0.matrix)) }
    state = Mutex(State(moments: Dictionary(moments, uniquingKeysWith: { first, _ in first })))
  }

  var graphs: [Int] { Set(rows.map(\.graph)).sorted() }

  func wanted(in graph: Int) -> Set<ByteString> {
    Set(rows.filter { $0.graph == graph }.map(\.activation))
  }

  func add(_ name: String, _ value: Tensor, graph: Int, seed: UInt64) {
    let key = ByteString(name)
    state.withLock { state in
      for entry in rows where entry.graph == graph && entry.activation == key {
        guard var moments = state.moments.removeValue(forKey: entry.weight) else { continue }
        do {
          try entry.rows.add(value, seed: seed, to: &moments)
        } catch {
          state.failure = state.failure ?? error
        }
        state.moments[entry.weight] = moments
      }
    }
  }

  func rethrow() throws {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  var result: [ByteString: LayerMoments] { state.withLock { $0.moments } }
}
