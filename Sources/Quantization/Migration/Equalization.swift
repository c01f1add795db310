import FileIO
import Foundation
import ModelGraph
import Tensors

/// Cross-layer equalisation (Nagel et al., arXiv 1906.04721, section 4.1): where one product follows
/// another with nothing but positively homogeneous operators between, channel i of the value between
/// is divided by s_i = √(r1_i / r2_i), rounded to a power of two, in the first one's weight and bias
/// and multiplied back in the second one's weight; r are the channel's largest magnitudes in the two
/// weights, which become equal (within a factor of two).
struct Equalization {
  /// How often all pairs are gone through at most: longer chains settle step by step.
  private static let sweepLimit = 8

  let component: Component
  /// The weights that must stay as they are.
  let excluded: Set<ByteString>

  /// Two products and what is between them.
  private struct Pair {
    let first: ChannelProducer
    let second: ProductLayer
  }

  /// The component with equalised weights; values between the layers get names of their own.
  ///
  /// - Throws: the weights' error.
  func applied() throws -> Component {
    let pairs = pairs
    var scaling = AxisScaling()
    for _ in 0..<Self.sweepLimit {
      var changed = false
      for pair in pairs where try equalize(pair, &scaling) { changed = true }
      if !changed { break }
    }
    var result = component
    result.weights = ScaledSource(component.weights, scaling)
    for pair in pairs where scaling.factors[pair.second.weight] != nil {
      result.graphs[pair.second.graph].rename(pair.first.values, suffix: "equalized")
    }
    return result
  }

  private var pairs: [Pair] {
    let layers = WeightUsageAnalysis(graphs: component.graphs).layers
    let byGraph = Dictionary(grouping: layers, by: \.graph)
    return byGraph.keys.sorted().flatMap { graph -> [Pair] in
      let here = byGraph[graph] ?? []
      let uses = ValueUses(component.graphs[graph], excluded: excluded)
      let numbered = Dictionary(
        here.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
      return here.compactMap { layer in
        guard layer.channelAxes != nil, uses.ownsWeight(layer),
          let first = ChannelProducer(
            of: layer.activation, users: 1, in: uses, layers: numbered,
            lastAxis: !layer.isConvolution), first.layer != nil
        else { return nil }
        return Pair(first: first, second: layer)
      }
    }
  }

  /// Equalises a pair; false where nothing changes.
  private func equalize(_ pair: Pair, _ scaling: inout AxisScaling) throws -> Bool {
    let weights = ScaledSource(component.weights, scaling)
    guard let first = pair.first.parts.first, let axes = pair.second.channelAxes,
      let number = weights.index(of: first.weight), let next = weights.index(of: pair.second.weight)
    else { return false }
    let before = try weights.largestMagnitudes(number, axis: first.axis)
    let after = try weights.largestMagnitudes(next, axis: axes.input)
    guard before.count == after.count else { return false }
    let factors = zip(before, after).map { before, after in
      before > 0 && after > 0 ? AxisScaling.powerOfTwo(nearest: (before / after).squareRoot()) : 1
    }
    guard factors.contains(where: { $0 != 1 }) else { return false }
    for part in pair.first.parts {
      scaling.multiply(part.weight, axis: part.axis, by: factors.map { 1 / $0 })
    }
    scaling.multiply(pair.second.weight, axis: axes.input, by: factors)
    return true
  }
}
