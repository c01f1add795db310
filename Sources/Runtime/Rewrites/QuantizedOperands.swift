import ModelGraph
import Tensors

/// An activation in integers, and the DequantizeLinear that makes real numbers of it.
struct QuantizedActivation {
  /// The integers, uint8 or int8, made as the graph runs.
  let bytes: String
  /// One scale, fp32.
  let scale: String
  /// One zero point; empty for 0.
  let zeroPoint: String

  /// The integers behind `value`; nil where it is no activation dequantized with one scale.
  init?(behind value: String, in graph: RewritableGraph) {
    guard let (_, node) = graph.producer(of: value, "DequantizeLinear"), node.inputs.count >= 2,
      node.hasPlainQuantization, !graph.isInitializer(node.inputs[0]),
      let dtype = graph.type(of: node.inputs[0]).dtype, dtype == .int8 || dtype == .uint8,
      graph.isFloat32(node.inputs[1]), graph.type(of: node.inputs[1]).shape?.elementCount == 1
    else { return nil }
    bytes = node.inputs[0]
    scale = node.inputs[1]
    zeroPoint = node.inputs.count > 2 ? node.inputs[2] : ""
  }
}

/// A weight that a DequantizeLinear makes of constant integers, perhaps transposed.
struct IntegerWeight {
  /// The extents of the real numbers.
  let shape: Shape

  /// The weight `value`, whose lanes lie along axis `lanes`; nil where it is none, or its scales are
  /// neither one for all nor one a lane.
  init?(_ value: String, lanes: Int, in graph: RewritableGraph) {
    var (name, axisOfLanes) = (value, lanes)
    if let (_, transpose) = graph.producer(of: value, "Transpose") {
      guard graph.type(of: value).rank == 2, transpose.swapsTwoAxes else { return nil }
      name = transpose.inputs[0]
      axisOfLanes = 1 - lanes
    }
    guard let (_, node) = graph.producer(of: name, "DequantizeLinear"), node.inputs.count >= 2,
      node.hasPlainQuantization, node.inputs.allSatisfy({ $0.isEmpty || graph.isInitializer($0) }),
      let dtype = graph.type(of: node.inputs[0]).dtype,
      [.int8, .uint8, .int4, .uint4].contains(dtype), graph.isFloat32(node.inputs[1]),
      let stored = graph.initializerShape(node.inputs[0]), stored.rank > axisOfLanes,
      let scale = graph.initializerShape(node.inputs[1])
    else { return nil }
    let axis = node.axis < 0 ? node.axis + stored.rank : node.axis
    guard
      scale.elementCount == 1
        || scale.rank == 1 && axis == axisOfLanes && scale[0] == stored[axis]
    else { return nil }
    shape = name == value ? stored : [stored[1], stored[0]]
  }
}

extension Node {
  /// Whether a QuantizeLinear or DequantizeLinear has scales for the whole tensor or along an axis,
  /// and fp32 on its real side.
  var hasPlainQuantization: Bool {
    for name in ["block_size", "output_dtype", "precision"] {
      if case .int(let value)? = attributes[name], value != 0 { return false }
    }
    return true
  }

  /// The attribute `axis` of a QuantizeLinear or DequantizeLinear.
  fileprivate var axis: Int {
    if case .int(let axis)? = attributes["axis"] { Int(clamping: axis) } else { 1 }
  }

  /// Whether a Transpose of a matrix swaps its axes.
  fileprivate var swapsTwoAxes: Bool {
    if case .ints(let order)? = attributes["perm"] { order == [1, 0] } else { true }
  }
}
