import ModelGraph
import Operators
import Tensors

extension Graph {
  /// The graph with the symbols of declared types replaced by the extents that `inputs` have.
  func binding(inputs given: [String: KnownValue]) -> Graph {
    var extents: [String: Int] = [:]
    for input in inputs {
      guard let shape = given[input.name]?.type.shape, let dimensions = input.type.dimensions
      else { continue }
      for case (.symbol(let name), let extent) in zip(dimensions, shape.dimensions) {
        extents[name] = extent
      }
    }
    var bound = self
    bound.valueTypes = valueTypes.mapValues { type in
      TensorType(
        type.dtype,
        type.dimensions?.map { dimension in
          guard case .symbol(let name) = dimension, let extent = extents[name] else {
            return dimension
          }
          return .fixed(extent)
        })
    }
    return bound
  }
}

extension WeightReader {
  /// Shapes, axes, scales and paddings have no more elements than this.
  private static let smallTensorLimit = 32

  /// `graph` with the weights held in it that shapes may follow from.
  ///
  /// - Throws: `RuntimeError.weight`, the source's error.
  func inliningSmallTensors(of graph: Graph) throws -> Graph {
    var inlined = graph
    for index in inlined.initializers.indices {
      let initializer = inlined.initializers[index]
      guard initializer.weightName != nil,
        [.int64, .int32, .float32].contains(initializer.dtype),
        initializer.shape.elementCount <= Self.smallTensorLimit
      else { continue }
      inlined.initializers[index] = Initializer(
        name: initializer.name, inline: try tensor(initializer, graph: graph.name))
    }
    return inlined
  }
}
