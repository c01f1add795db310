import ModelGraph
import Tensors

/// A node that multiplies an activation by a weight: Conv, ConvTranspose, Gemm or MatMul of a graph
/// itself (not of a body of control flow).
public struct ProductLayer: Sendable {
  /// The graph's number in its component.
  public var graph: Int
  /// The node's number in the graph.
  public var index: Int
  /// The node.
  public var node: Node
  /// The component's tensor that is multiplied by, which names the layer.
  public var weight: String
  /// The node's input that the weight arrives at.
  public var weightInput: Int
  /// For each axis of that input, the axis of the stored weight.
  public var weightAxes: [Int]

  /// The node's input that the activation arrives at.
  public var activationInput: Int { 1 - weightInput }
  /// The value that is multiplied by the weight.
  public var activation: String { node.inputs[activationInput] }
}

/// A weight seen as matrices: element (g, r, k) of group g, output r and summed index k is at
/// `g · groupStride + r · rowStride + k · columnStride` of the stored tensor.
public struct WeightMatrix: Hashable, Sendable {
  /// How many matrices there are: a convolution's groups, else 1.
  public let groups: Int
  /// The outputs of a group; of a transposed convolution each tap is one.
  public let rows: Int
  /// How many products are summed.
  public let depth: Int
  let groupStride: Int
  let rowStride: Int
  let columnStride: Int
  /// How many neighbouring rows belong to one output channel.
  let rowsPerChannel: Int
}

extension WeightMatrix {
  /// The matrices of `layer`'s weight of `shape`; nil where the operator does not see it as such
  /// (a weight on the left, stacked matrices, permuted kernels).
  public init?(_ layer: ProductLayer, shape: Shape) {
    guard layer.weightInput == 1, shape.rank >= 2, layer.weightAxes.count == shape.rank,
      shape.elementCount > 0
    else { return nil }
    let isPlain = layer.weightAxes == Array(0..<shape.rank)
    let strides = layer.weightAxes.map { shape.strides[$0] }
    let extents = layer.weightAxes.map { shape[$0] }
    switch layer.node.opType {
    case "Conv":
      let groups = layer.node.integer("group", default: 1)
      guard isPlain, groups >= 1, shape[0] % groups == 0 else { return nil }
      let depth = shape.elementCount / shape[0]
      let rows = shape[0] / groups
      self.init(
        groups: groups, rows: rows, depth: depth, groupStride: rows * depth, rowStride: depth,
        columnStride: 1, rowsPerChannel: 1)
    case "ConvTranspose":
      let groups = layer.node.integer("group", default: 1)
      guard isPlain, groups >= 1, shape[0] % groups == 0 else { return nil }
      let rows = shape.elementCount / shape[0]
      let depth = shape[0] / groups
      self.init(
        groups: groups, rows: rows, depth: depth, groupStride: rows * depth, rowStride: 1,
        columnStride: rows, rowsPerChannel: rows / shape[1])
    case "Gemm" where layer.node.integer("transB", default: 0) != 0:
      self.init(one: extents, strides, row: 0, column: 1)
    case "Gemm", "MatMul": self.init(one: extents, strides, row: 1, column: 0)
    default: return nil
    }
  }

  private init?(one extents: [Int], _ strides: [Int], row: Int, column: Int) {
    guard extents.count == 2 else { return nil }
    self.init(
      groups: 1, rows: extents[row], depth: extents[column], groupStride: 0,
      rowStride: strides[row], columnStride: strides[column], rowsPerChannel: 1)
  }

  /// Where element (g, r, k) is in the stored tensor.
  func offset(_ group: Int, _ row: Int, _ column: Int) -> Int {
    group * groupStride + row * rowStride + column * columnStride
  }

  /// How many output channels all groups give together.
  var channelCount: Int { groups * rows / rowsPerChannel }
}

extension Node {
  /// An integer attribute, or `fallback` where there is none.
  func integer(_ name: String, default fallback: Int) -> Int {
    if case .int(let value)? = attributes[name] { Int(value) } else { fallback }
  }
}
