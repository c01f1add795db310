import ModelGraph
import Tensors

/// Which scale each element of a tensor uses.
///
/// The tensor is seen as `[outer, extent, inner]` around the axis that scales run along. With
/// groups, elements `c` and `c'` of the axis share a scale where `c / size == c' / size`, apart for
/// each outer and inner index (ONNX DequantizeLinear, blocked).
struct ScaleLayout: Sendable {
  /// The product of the extents before the axis.
  let outer: Int
  /// The axis's extent.
  let extent: Int
  /// The product of the extents after the axis.
  let inner: Int
  /// How many elements along the axis share a scale; `extent` for one scale a tensor.
  let groupSize: Int
  /// Whether each outer and inner index has scales of its own.
  let isBlocked: Bool
  /// The scales' shape.
  let scaleShape: Shape
}

extension ScaleLayout {
  /// The layout of `shape` under `granularity`, whose axis lies within the rank.
  init(shape: Shape, granularity: Granularity) {
    switch granularity {
    case .tensor:
      outer = 1
      extent = 1
      inner = shape.elementCount
      groupSize = 1
      isBlocked = false
      scaleShape = .scalar
    case .channel(let axis):
      outer = shape.elementCount(of: 0..<axis)
      extent = shape[axis]
      inner = shape.elementCount(of: (axis + 1)..<shape.rank)
      groupSize = 1
      isBlocked = false
      scaleShape = [shape[axis]]
    case .group(let axis, let size):
      outer = shape.elementCount(of: 0..<axis)
      extent = shape[axis]
      inner = shape.elementCount(of: (axis + 1)..<shape.rank)
      groupSize = size
      isBlocked = true
      var dimensions = shape.dimensions
      dimensions[axis] = (dimensions[axis] + size - 1) / size
      scaleShape = Shape(dimensions)
    }
  }

  /// How many scales there are.
  var scaleCount: Int { scaleShape.elementCount }

  /// How many runs of `inner` contiguous elements there are.
  var rowCount: Int { outer * extent }

  /// The scale of the first element of row `row`; with blocks the row's elements use consecutive
  /// scales from there on, else all use this one.
  func firstScale(row: Int) -> Int {
    guard isBlocked else { return row % extent }
    let groups = (extent + groupSize - 1) / groupSize
    return (row / extent * groups + row % extent / groupSize) * inner
  }
}
