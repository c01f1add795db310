import Tensors

/// Where each element's scale and zero point stand: for the whole tensor, along an axis, or for
/// blocks along it (QuantizeLinear, DequantizeLinear).
struct QuantizationLayout {
  /// The extents of the data from the axis on: `[outer, axis, inner]`.
  let split: AxisSplit
  /// How many elements along the axis share a scale.
  let blockSize: Int
  /// How many scales there are along the axis; 1 with one scale for the whole tensor.
  let scalesPerAxis: Int
  /// Whether the scales of different outer and inner positions differ (blocks).
  let isBlocked: Bool

  /// The layout of `scale` for data of shape `data`.
  ///
  /// - Throws: `OperatorError.inputShape` where the scale's shape does not fit, `.attribute` for an
  ///   axis or a block size out of range.
  init(data: Shape, scale: Shape, axis: Int, blockSize: Int) throws {
    let isScalar = scale.rank == 0 || (scale.elementCount == 1 && blockSize == 0)
    if isScalar {
      split = AxisSplit(data, axes: 0..<data.rank)
      self.blockSize = max(1, split.extent)
      scalesPerAxis = 1
      isBlocked = false
      return
    }
    // A vector has one axis only, whatever the attribute says.
    let axis = data.rank == 1 ? 0 : try data.checkedAxis(axis)
    split = AxisSplit(data, axis: axis)
    if blockSize == 0 {
      guard scale.rank == 1, scale[0] == data[axis] else {
        throw OperatorError.inputShape(
          index: 1, expected: "a scalar or [\(data[axis])]", found: scale)
      }
      self.blockSize = 1
      scalesPerAxis = scale[0]
      isBlocked = false
      return
    }
    guard blockSize > 0 else {
      throw OperatorError.attribute("block_size", expected: "0 or more", found: "\(blockSize)")
    }
    var expected = data.dimensions
    expected[axis] = data[axis] == 0 ? 0 : (data[axis] - 1) / blockSize + 1
    guard scale.dimensions == expected else {
      throw OperatorError.inputShape(index: 1, expected: "\(Shape(expected))", found: scale)
    }
    self.blockSize = blockSize
    scalesPerAxis = expected[axis]
    isBlocked = true
  }

  /// Calls `body` for each run of elements that share a scale, or with blocks whose scales lie one
  /// after another: the first element, the first scale, whether the scale moves along, the count.
  func forEachRun(
    _ body: (_ element: Int, _ scale: Int, _ scaleMoves: Bool, _ count: Int) -> Void
  ) {
    for outer in 0..<split.outer {
      var start = 0
      while start < split.extent {
        let shared = min(blockSize, split.extent - start)
        let element = (outer * split.extent + start) * split.inner
        let scale = start / blockSize
        if isBlocked, split.inner > 1 {
          for row in 0..<shared {
            body(
              element + row * split.inner, (outer * scalesPerAxis + scale) * split.inner, true,
              split.inner)
          }
        } else {
          body(
            element, isBlocked ? outer * scalesPerAxis + scale : scale, false,
            shared * split.inner)
        }
        start += shared
      }
    }
  }
}
