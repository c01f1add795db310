import ModelGraph
import Tensors

/// Where the windows of a Conv node lie over an input, for those who look at its inputs from outside.
public struct ConvolutionWindows: Sendable {
  /// How many groups the channels are cut into.
  public let groups: Int
  /// The kernel's extents.
  public let kernel: [Int]
  /// The input's spatial extents.
  public let extent: [Int]
  /// The output's spatial extents.
  public let output: [Int]
  /// How far windows are apart.
  public let strides: [Int]
  /// How far the elements of a window are apart.
  public let dilations: [Int]
  /// Zeros before the first element of each axis.
  public let padsBefore: [Int]

  /// The windows of `node`, a Conv, for an input `[N, C, D…]` and a weight `[M, C / group, k…]`.
  ///
  /// - Throws: `OperatorError` where attributes or shapes do not fit.
  public init(node: Node, input: Shape, weight: Shape) throws {
    var attributes = AttributeReader(node)
    let conv = try ConvOperator(&attributes)
    let shapes = try ConvolutionShapes(
      input: input, weight: weight, bias: nil, groups: conv.groups,
      kernelShape: conv.window.kernelShape)
    let geometry = try conv.geometry(of: shapes, input)
    groups = conv.groups
    kernel = shapes.kernel
    extent = shapes.spatial
    output = geometry.output
    strides = geometry.axes.map(\.stride)
    dilations = geometry.axes.map(\.dilation)
    padsBefore = geometry.padBegin
  }
}
