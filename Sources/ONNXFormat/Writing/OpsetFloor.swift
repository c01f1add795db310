import ModelGraph
import Tensors

/// The lowest opset in which a graph of canonical operators means the same.
///
/// Runtimes implement the newest opset last. Between opset 21 and the canonical one most operators
/// only gained element types, so a graph that uses none of the additions may declare 21.
enum OpsetFloor {
  /// The lowest opset declared: that of blocked quantization and 4-bit integers.
  static let base = 21

  /// The lowest opset that has all operators, attributes, inputs and element types of `graph`.
  static func of(_ graph: Graph) -> Int {
    var floor = base
    for initializer in graph.initializers { floor = max(floor, of(initializer.dtype)) }
    for value in graph.inputs + graph.outputs { floor = max(floor, of(value.type.dtype)) }
    for type in graph.valueTypes.values { floor = max(floor, of(type.dtype)) }
    for node in graph.nodes where node.domain.isEmpty {
      floor = max(floor, operators[node.opType] ?? base)
      for name in node.attributes.keys {
        floor = max(floor, attributes["\(node.opType).\(name)"] ?? base)
      }
      if node.opType == "Attention", node.inputs.count > 6 { floor = max(floor, 24) }
      for body in node.subgraphs { floor = max(floor, of(body)) }
    }
    return floor
  }

  /// Operators that are newer than the base, or that took few element types before.
  private static let operators = [
    "Attention": 23, "BitCast": 26, "BitShift": 28, "CausalConvWithState": 27, "Celu": 28,
    "CumProd": 26, "LinearAttention": 27, "RMSNormalization": 23, "RotaryEmbedding": 23,
    "SwiGLU": 28, "Swish": 24, "TensorScatter": 24,
  ]

  /// Attributes that are newer than the base.
  private static let attributes = [
    "Attention.left_window_size": 25, "Attention.right_window_size": 25, "Cast.round_mode": 24,
    "CastLike.round_mode": 24, "DequantizeLinear.output_dtype": 23, "QuantizeLinear.precision": 23,
    "Range.stash_type": 27, "SpaceToDepth.mode": 28,
  ]

  private static func of(_ dtype: DType?) -> Int {
    switch dtype {
    case .float4e2m1: 23
    case .float8e8m0: 24
    case .uint2, .int2: 25
    case .float6e2m3, .float6e3m2: 28
    default: base
    }
  }
}
