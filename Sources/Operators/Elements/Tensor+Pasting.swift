import Tensors

extension Tensor {
  /// Sets every element to the one element of `value`, of the same type; to zero where it is nil.
  func fill(with value: Tensor?) {
    guard let value else {
      mutableRawPointer.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      return
    }
    StridedCopy(
      extents: [elementCount], sourceStrides: [0], targetStrides: [1], byteWidth: dtype.byteWidth
    ).run(from: value.rawPointer, to: mutableRawPointer)
  }

  /// Copies what of `source` falls inside when its first element is placed at `origin`, which may
  /// lie outside.
  func paste(_ source: Tensor, at origin: [Int]) {
    var extents: [Int] = []
    var (from, to) = (0, 0)
    for axis in origin.indices {
      let first = max(0, origin[axis])
      let skipped = first - origin[axis]
      let count = min(source.shape[axis] - skipped, shape[axis] - first)
      guard count > 0 else { return }
      extents.append(count)
      from += skipped * source.shape.strides[axis]
      to += first * shape.strides[axis]
    }
    StridedCopy(
      extents: extents, sourceStrides: source.shape.strides, targetStrides: shape.strides,
      byteWidth: dtype.byteWidth
    ).run(
      from: source.rawPointer + from * dtype.byteWidth,
      to: mutableRawPointer + to * dtype.byteWidth)
  }
}
