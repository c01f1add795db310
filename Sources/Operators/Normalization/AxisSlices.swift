import Tensors

/// A shape seen as `[outer, axis, inner]` around one axis.
struct AxisSlices: Sendable {
  let outer: Int
  let axis: Int
  let inner: Int

  /// Splits `shape` around `axis`, which may count from the end. A scalar has one axis of extent 1.
  ///
  /// - Throws: `OperatorError.attribute` for an axis out of range.
  init(_ shape: Shape, axis: Int) throws {
    guard shape.rank > 0 || (axis != 0 && axis != -1) else {
      self.init(outer: 1, axis: 1, inner: 1)
      return
    }
    let axis = try shape.checkedAxis(axis)
    self.init(
      outer: shape.elementCount(of: 0..<axis), axis: shape[axis],
      inner: shape.elementCount(of: (axis + 1)..<shape.rank))
  }

  private init(outer: Int, axis: Int, inner: Int) {
    self.outer = outer
    self.axis = axis
    self.inner = inner
  }

  /// The number of slices along the axis.
  var sliceCount: Int { outer * inner }

  /// Where slice `slice` starts; its elements lie `inner` apart.
  func start(_ slice: Int) -> Int {
    slice / inner * axis * inner + slice % inner
  }
}
