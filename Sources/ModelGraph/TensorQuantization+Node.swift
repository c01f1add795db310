extension Granularity {
  /// The attributes by which DequantizeLinear applies scales of this granularity.
  public var dequantizeAttributes: [String: AttributeValue] {
    switch self {
    case .tensor: [:]
    case .channel(let axis): ["axis": .int(Int64(axis))]
    case .group(let axis, let size):
      ["axis": .int(Int64(axis)), "block_size": .int(Int64(size))]
    }
  }
}

extension TensorQuantization {
  /// The DequantizeLinear that makes real numbers (fp32) of the stored integers; its inputs are
  /// named `values`, `scale` and `zero_point`, its output `real`.
  public var dequantizeNode: Node {
    Node(
      "DequantizeLinear", inputs: ["values", "scale"] + (zeroPoint == nil ? [] : ["zero_point"]),
      outputs: ["real"], attributes: granularity.dequantizeAttributes)
  }
}
