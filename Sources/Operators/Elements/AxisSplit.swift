import Tensors

/// A shape seen from one axis, or a run of neighbouring axes: `[outer, axis, inner]`.
struct AxisSplit {
  /// The product of the extents before.
  let outer: Int
  /// The axis's extent.
  let extent: Int
  /// The product of the extents after.
  let inner: Int

  /// `shape` seen from `axis`, which lies in `0..<rank`.
  init(_ shape: Shape, axis: Int) { self.init(shape, axes: axis..<(axis + 1)) }

  /// `shape` seen from the neighbouring axes `axes`.
  init(_ shape: Shape, axes: Range<Int>) {
    outer = shape.elementCount(of: 0..<axes.lowerBound)
    extent = shape.elementCount(of: axes)
    inner = shape.elementCount(of: axes.upperBound..<shape.rank)
  }
}
