import FileIO
import Foundation
import ModelGraph
import Tensors

/// Scale migration (Xiao et al., SmoothQuant, arXiv 2211.10438, equation 4): channel j of an
/// activation is divided by s_j = max|X_j|^α / max|W_j|^(1 − α), rounded to a power of two, and the
/// weights that it is multiplied by are multiplied by s_j, so that part of what is hard to quantize
/// about the activation passes to the weights.
///
/// The division goes into what makes the activation where that is possible (`ChannelProducer`), else
/// a Mul does it.
struct Smoothing {
  let component: Component
  /// α: 0 leaves the most to the activation, 1 passes all to the weights.
  let strength: Float
  /// The layers whose activations are quantized.
  let layers: [ProductLayer]
  /// The inputs of a Concat that are quantized one by one, of the value that it makes.
  let parts: (_ value: String, _ graph: Graph) -> [String]
  /// The weights that must stay as they are.
  let excluded: Set<ByteString>

  /// Layers that multiply the same activation.
  private struct Group {
    let value: String
    /// What is concatenated to make it; empty for nothing.
    let parts: [String]
    let layers: [ProductLayer]

    var sources: [String] { parts.isEmpty ? [value] : parts }
    var lastAxis: Bool { !layers[0].isConvolution }
  }

  /// The component with smoothed activations.
  ///
  /// - Throws: what running the graphs throws; the weights' error.
  func applied(_ data: [Int: any CalibrationData]) throws -> Component {
    var result = component
    var scaling = AxisScaling()
    for graph in Set(layers.map(\.graph)).sorted() {
      guard let data = data[graph] else { continue }
      let groups = groups(graph)
      let maxima = ChannelMaxima(
        lastAxis: Dictionary(
          groups.flatMap { group in group.sources.map { (ByteString($0), group.lastAxis) } },
          uniquingKeysWith: { first, _ in first }))
      try maxima.measure(component, graph: graph, data)
      var rewriter = SmoothingRewriter(component.graphs[graph], excluded: excluded)
      for group in groups {
        guard let entry = channels(group, maxima) else { continue }
        let factors = try factors(group, entry.largest)
        guard factors.contains(where: { $0 != 1 }) else { continue }
        rewriter.divide(
          group.value, parts: group.sources.map { ($0, maxima[$0]?.largest.count ?? 0) },
          by: factors, rank: entry.rank, users: group.layers, &scaling)
        for layer in group.layers {
          guard let axes = layer.channelAxes else { continue }
          scaling.multiply(layer.weight, axis: axes.input, by: factors)
        }
      }
      result.graphs[graph] = rewriter.rewritten
    }
    result.weights = ScaledSource(component.weights, scaling)
    return result
  }

  private func groups(_ graph: Int) -> [Group] {
    let uses = ValueUses(component.graphs[graph], excluded: excluded)
    let here = layers.filter {
      $0.graph == graph && $0.channelAxes != nil && uses.ownsWeight($0)
    }
    let byValue = Dictionary(grouping: here) { ByteString($0.activation) }
    return byValue.sorted { $0.value[0].index < $1.value[0].index }.compactMap { _, layers in
      guard Set(layers.map(\.isConvolution)).count == 1 else { return nil }
      let value = layers[0].activation
      return Group(value: value, parts: parts(value, component.graphs[graph]), layers: layers)
    }
  }

  /// The largest magnitudes of a group's activation, those of its parts one after another; nil where
  /// they are not known or the parts do not lie along the channels.
  private func channels(_ group: Group, _ maxima: ChannelMaxima) -> ChannelMaxima.Entry? {
    let entries = group.sources.compactMap { maxima[$0] }
    guard entries.count == group.sources.count, let rank = entries.first?.rank,
      entries.allSatisfy({ $0.rank == rank })
    else { return nil }
    if !group.parts.isEmpty {
      let graph = component.graphs[group.layers[0].graph]
      let axis = graph.producer(of: group.value)?.integer("axis", default: 0) ?? 0
      guard (axis < 0 ? axis + rank : axis) == (group.lastAxis ? rank - 1 : 1) else { return nil }
    }
    return ChannelMaxima.Entry(rank: rank, largest: entries.flatMap(\.largest))
  }

  private func factors(_ group: Group, _ largest: [Float]) throws -> [Float] {
    var weights = [Float](repeating: 0, count: largest.count)
    for layer in group.layers {
      guard let axes = layer.channelAxes, let index = component.weights.index(of: layer.weight)
      else { continue }
      let found = try component.weights.largestMagnitudes(index, axis: axes.input)
      guard found.count == weights.count else { return [] }
      for channel in found.indices { weights[channel] = max(weights[channel], found[channel]) }
    }
    return zip(largest, weights).map { activation, weight in
      guard activation > 0, weight > 0 else { return 1 }
      return AxisScaling.powerOfTwo(
        nearest: pow(activation, strength) / pow(weight, 1 - strength))
    }
  }
}

extension Graph {
  /// The node that makes `value`.
  fileprivate func producer(of value: String) -> Node? {
    nodes.first { $0.outputs.contains(value) }
  }
}
