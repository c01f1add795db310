import ModelGraph
import Tensors

/// Takes tensors apart along an axis and puts them together again, as Loop and Scan do.
enum ElementStack {
  /// The sub-tensor at position `index` of `axis`, without that axis.
  static func element(
    _ index: Int, of tensor: Tensor, axis: Int, _ context: ExecutionContext
  ) throws -> Tensor {
    var dimensions = tensor.shape.dimensions
    dimensions.remove(at: axis)
    let split = AxisSplit(tensor.shape, axis: axis)
    let output = try context.allocate(tensor.dtype, Shape(checking: dimensions))
    let rowBytes = split.inner * tensor.dtype.byteWidth
    let source = tensor.buffer.base + tensor.byteOffset
    let target = output.buffer.base + output.byteOffset
    for outer in 0..<split.outer {
      (target + outer * rowBytes).copyMemory(
        from: source + (outer * split.extent + index) * rowBytes, byteCount: rowBytes)
    }
    return output
  }

  /// The tensors side by side along a new axis `axis`.
  ///
  /// - Throws: `OperatorError.mismatch` where their types or shapes differ.
  static func stacked(
    _ elements: [Tensor], axis: Int, _ context: ExecutionContext
  ) throws -> Tensor {
    guard let first = elements.first else {
      throw OperatorError.unsupported("a stack of nothing")
    }
    guard elements.allSatisfy({ $0.dtype == first.dtype && $0.shape == first.shape }),
      first.dtype != .string
    else {
      throw OperatorError.mismatch(
        expected: "every iteration to give \(first.shape) of \(first.dtype.name)",
        found: elements.map { "\($0.shape) of \($0.dtype.name)" }.joined(separator: ", "))
    }
    var dimensions = first.shape.dimensions
    dimensions.insert(elements.count, at: axis)
    let output = try context.allocate(first.dtype, Shape(checking: dimensions))
    let split = AxisSplit(output.shape, axis: axis)
    let rowBytes = split.inner * first.dtype.byteWidth
    let target = output.buffer.base + output.byteOffset
    for (index, element) in elements.enumerated() {
      element.withBytes { bytes in
        guard let source = bytes.baseAddress else { return }
        for outer in 0..<split.outer {
          (target + (outer * split.extent + index) * rowBytes).copyMemory(
            from: source + outer * rowBytes, byteCount: rowBytes)
        }
      }
    }
    return output
  }

  /// What a stack of no elements looks like, for elements declared as `type`: unknown extents are 0.
  static func empty(
    _ type: TensorType, axis: Int, _ context: ExecutionContext
  ) throws -> Tensor {
    var dimensions = (type.dimensions ?? []).map { $0.fixedValue ?? 0 }
    guard axis <= dimensions.count else {
      throw OperatorError.attribute(
        "scan_output_axes", expected: "an axis of a tensor of rank \(dimensions.count + 1)",
        found: "\(axis)")
    }
    dimensions.insert(0, at: axis)
    return try context.allocate(type.dtype ?? .float32, Shape(checking: dimensions))
  }
}
