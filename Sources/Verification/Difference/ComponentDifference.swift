import FileIO
import ModelGraph
import Tensors

/// Finds what differs between two components of one label.
struct ComponentDifference {
  let before: Component
  let after: Component
  /// Whether tensors that are stored differently are dequantized and their values compared.
  let comparesValues: Bool

  /// All changes, tensors last.
  func changes(progress: (String) -> Void) throws -> [ModelChange] {
    configChanges() + metadataChanges() + graphChanges() + quantizationChanges()
      + (try tensorChanges(progress: progress))
  }

  private var label: String { before.label }

  private func configChanges() -> [ModelChange] {
    ModelChange.between(
      Self.entries(before.config), Self.entries(after.config), section: .config, in: label)
  }

  /// The members of a configuration with their values as JSON; one entry for one that is no object.
  private static func entries(_ config: [UInt8]?) -> [(name: String, entry: String)] {
    guard let config else { return [] }
    guard let members = (try? JSONParser().parse(config))?.members else {
      return [("config", String(decoding: config, as: UTF8.self))]
    }
    return members.map { ($0.name, String(decoding: JSONWriter.bytes($0.value), as: UTF8.self)) }
  }

  private func metadataChanges() -> [ModelChange] {
    ModelChange.between(
      before.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      after.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      section: .metadata, in: label)
  }

  private func graphChanges() -> [ModelChange] {
    let only = before.graphs.count == 1 && after.graphs.count == 1
    var changes: [ModelChange] = []
    for graph in before.graphs {
      if let other = only
        ? after.graphs.first : after.graphs.first(where: { $0.name == graph.name })
      {
        changes += GraphDifference(before: graph, after: other).changes(in: label)
      } else {
        changes.append(
          ModelChange(.graph, in: label, graph.name, before: graph.sizeText, after: nil))
      }
    }
    let known = Set(before.graphs.map(\.name))
    for graph in after.graphs where !only && !known.contains(graph.name) {
      changes.append(ModelChange(.graph, in: label, graph.name, before: nil, after: graph.sizeText))
    }
    return changes
  }

  private func quantizationChanges() -> [ModelChange] {
    ModelChange.between(
      before.quantization.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) },
      after.quantization.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) },
      section: .quantization, in: label)
  }
}

extension ComponentDifference {
  private func tensorChanges(progress: (String) -> Void) throws -> [ModelChange] {
    let older = before.weights.tensors.enumerated().map { (name: $1.name, entry: $0) }
    let newer = after.weights.tensors.enumerated().map { (name: $1.name, entry: $0) }
    let beforeValues = StoredWeights(before)
    let afterValues = StoredWeights(after)
    var changes = try ModelChange.between(
      older.map { ($0.name, Side(index: $0.entry, source: before.weights)) },
      newer.map { ($0.name, Side(index: $0.entry, source: after.weights)) },
      section: .tensor, in: label, text: \.text
    ) { left, right in
      progress("\(label): tensor \(left.info.name)")
      return try left.holdsSame(as: right)
    }
    guard comparesValues else { return changes }
    for index in changes.indices where changes[index].kind == .changed {
      changes[index].relativeL2 = try relativeL2(
        beforeValues.realTensor(changes[index].name), afterValues.realTensor(changes[index].name))
    }
    return changes
  }

  private func relativeL2(_ left: Tensor?, _ right: Tensor?) throws -> Double? {
    guard let left, let right, left.shape == right.shape, left.dtype != .string,
      right.dtype != .string
    else { return nil }
    return try TensorComparison(name: "", reference: left, candidate: right).relativeL2
  }

  /// A tensor of one of the two components.
  private struct Side {
    let index: Int
    let source: any TensorSource

    var info: TensorInfo { source.tensors[index] }
    var text: String { "\(info.dtype.name) \(info.shape)" }

    func holdsSame(as other: Side) throws -> Bool {
      guard info.dtype == other.info.dtype, info.shape == other.info.shape else { return false }
      return try source.hasSameBytes(index, as: other.source, other.index)
    }
  }
}

extension Graph {
  /// How large the graph is, in words.
  fileprivate var sizeText: String { "\(nodes.count) nodes" }
}
