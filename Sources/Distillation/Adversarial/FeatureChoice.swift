import FileIO
import ModelGraph
import Operators
import Tensors

/// A value inside a denoiser that a discriminator looks at.
package struct Feature: Hashable {
  /// The value's name.
  package let name: String
  /// `[N, C, H, W]` or `[N, tokens, C]`.
  package let shape: Shape

  /// Whether the channels are the last axis.
  package var isSequence: Bool { shape.rank == 3 }
  /// C.
  package var channels: Int { isSequence ? shape[2] : shape[1] }
  /// How many places the feature has: H · W, or the tokens.
  package var places: Int { isSequence ? shape[1] : shape[2] * shape[3] }
}

/// Chooses the values of a denoiser that tell most about an image (ours; the paper only says that the
/// discriminator works on the teacher's features).
///
/// A UNet's are its residual sums: the last one at each extent on the way down, the innermost
/// included. A network that keeps one extent all the way gives the sums at a third and two thirds of
/// its depth.
package enum FeatureChoice {
  /// Values of fewer channels are images or embeddings, not features.
  private static let leastChannels = 8

  /// The features of `graph` for inputs of the shapes `shapes`, from the outermost in.
  ///
  /// - Throws: `DistillationError.graph` where there are none; what shape inference throws.
  package static func features(of graph: Graph, shapes: [String: Shape]) throws -> [Feature] {
    let sums = try residualSums(graph, shapes)
    guard let first = sums.first else {
      throw DistillationError.graph(
        name: graph.name, expected: "residual sums of \(leastChannels) channels or more",
        found: ["none"])
    }
    let innermost = sums.map(\.places).min() ?? first.places
    guard innermost < first.places else {
      return [sums[sums.count / 3], sums[min(sums.count - 1, sums.count * 2 / 3)]].distinct
    }
    var descent: [Feature] = []
    for sum in sums {
      guard let last = descent.last else {
        descent = [sum]
        continue
      }
      if sum.places > last.places { break }
      if sum.places == last.places { descent.removeLast() }
      descent.append(sum)
    }
    return descent
  }

  private static func residualSums(
    _ graph: Graph, _ shapes: [String: Shape]
  ) throws -> [Feature] {
    var given: [String: KnownValue] = [:]
    for input in graph.requiredInputs {
      guard let shape = shapes[input.name] else { continue }
      given[input.name] = KnownValue(TensorType(input.type.dtype ?? .float32, shape))
    }
    let known = try ShapeInference().infer(graph, inputs: given)
    return graph.nodes.filter { $0.opType == "Add" && $0.domain.isEmpty }.compactMap { node in
      let name = node.outputs[0]
      guard let type = known[ByteString(name)]?.type, type.dtype == .float32,
        let shape = type.shape, shape.rank == 4 || shape.rank == 3
      else { return nil }
      let feature = Feature(name: name, shape: shape)
      return feature.channels >= leastChannels && feature.places > 1 ? feature : nil
    }
  }
}

extension Array where Element: Hashable {
  /// The elements, each once, in their order.
  fileprivate var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
