import Tensors

extension Tensor {
  /// `tensors` one after another along `axis`, counted from the front; all other extents and the
  /// types must be equal.
  ///
  /// - Throws: `DiffusionError.shape` for a tensor that does not fit the first, `.type` for one of
  ///   another type; `TensorError`.
  package static func joined(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    guard let first = tensors.first else { return try Tensor(zeros: .float32, [0]) }
    var extents = first.shape.dimensions
    for tensor in tensors.dropFirst() {
      guard tensor.dtype == first.dtype else {
        throw DiffusionError.type(name: "a part", found: tensor.dtype)
      }
      var expected = first.shape.dimensions
      if tensor.shape.rank == expected.count { expected[axis] = tensor.shape[axis] }
      guard tensor.shape.dimensions == expected else {
        throw DiffusionError.shape(
          name: "a part", expected: try Shape(checking: expected), found: tensor.shape)
      }
      extents[axis] += tensor.shape[axis]
    }
    let result = try Tensor(uninitialized: first.dtype, Shape(checking: extents))
    var offset = 0
    let outer = first.shape.elementCount(of: 0..<axis)
    let stride = outer == 0 ? 0 : result.byteCount / outer
    for tensor in tensors {
      let run = outer == 0 ? 0 : tensor.byteCount / outer
      tensor.withBytes { bytes in
        guard let base = bytes.baseAddress, run > 0 else { return }
        for index in 0..<outer {
          result.mutablePointer(as: UInt8.self).advanced(by: index * stride + offset).update(
            from: base.assumingMemoryBound(to: UInt8.self) + index * run, count: run)
        }
      }
      offset += run
    }
    return result
  }

  /// The tensor with zeros behind it along its last axis, up to `extent`.
  ///
  /// - Throws: `DiffusionError.shape` where it is longer already.
  func zeroPadded(to extent: Int) throws -> Tensor {
    var rest = shape.dimensions
    let axis = rest.count - 1
    guard axis >= 0, rest[axis] <= extent else {
      throw DiffusionError.shape(
        name: "text", expected: try Shape(checking: rest.dropLast() + [extent]), found: shape)
    }
    guard rest[axis] < extent else { return self }
    rest[axis] = extent - rest[axis]
    return try .joined([self, Tensor(zeros: dtype, Shape(checking: rest))], axis: axis)
  }
}
