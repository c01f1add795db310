import FileIO
import ModelGraph
import Synchronization
import Tensors

/// The largest magnitude of each channel of values, as calibration sees them.
final class ChannelMaxima: Sendable {
  /// What is known of a value.
  struct Entry: Sendable {
    /// How many axes it has.
    let rank: Int
    /// The largest magnitude of each channel.
    var largest: [Float]
  }

  private let entries = Mutex<[ByteString: Entry]>([:])
  private let lastAxis: [ByteString: Bool]

  /// - Parameter lastAxis: the values wanted, and whether their channels are the last axis, else
  ///   axis 1.
  init(lastAxis: [ByteString: Bool]) { self.lastAxis = lastAxis }

  /// Runs `data` through graph number `graph` of `component`.
  ///
  /// - Throws: what running the graph throws.
  func measure(_ component: Component, graph: Int, _ data: any CalibrationData) throws {
    let calibrator = try Calibrator(
      graph: component.graphs[graph], weights: component.weights, data: data, observes: true)
    try calibrator.pass(Set(lastAxis.keys)) { name, value, _, _ in self.add(name, value) }
  }

  /// The channels of `value`; nil for one that no run reached or that has no such axis.
  subscript(value: String) -> Entry? { entries.withLock { $0[ByteString(value)] } }

  private func add(_ name: String, _ value: Tensor) {
    let key = ByteString(name)
    let axis = lastAxis[key] ?? false ? value.shape.rank - 1 : 1
    guard value.dtype == .float32, value.shape.rank >= 2 else { return }
    let found = value.largestMagnitudes(axis: axis)
    entries.withLock { entries in
      guard var entry = entries[key], entry.largest.count == found.count else {
        entries[key] = Entry(rank: value.shape.rank, largest: found)
        return
      }
      for index in found.indices { entry.largest[index] = max(entry.largest[index], found[index]) }
      entries[key] = entry
    }
  }
}
