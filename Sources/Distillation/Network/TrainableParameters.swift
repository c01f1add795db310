import FileIO
import ModelGraph
import Operators

/// Which of a graph's weights are trained.
public enum TrainableParameters {
  /// The floating-point weights of `graph` that a gradient can reach, in the graph's order.
  ///
  /// Left out are scalars and weights that tell scales or extents, not values (Resize,
  /// QuantizeLinear).
  public static func names(in graph: Graph) -> [String] {
    var shaping: Set<ByteString> = []
    for node in graph.nodes where shapeInputs.keys.contains(node.opType) {
      for index in node.inputs.indices where index >= shapeInputs[node.opType] ?? 0 {
        shaping.insert(ByteString(node.inputs[index]))
      }
    }
    return graph.initializers.filter { initializer in
      initializer.weightName != nil && initializer.dtype.isFloatingPoint
        && initializer.shape.elementCount > 1
        && !shaping.contains(ByteString(initializer.name))
    }.map(\.name)
  }

  /// The operators of which inputs from some index on tell extents or scales, not values.
  private static let shapeInputs = [
    "Resize": 1, "QuantizeLinear": 1, "DequantizeLinear": 1, "Upsample": 1,
  ]
}
