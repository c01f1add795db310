import Tensors

extension Granularity {
  /// The shape of the scales of a tensor of `shape`; nil where the axis lies outside its rank.
  public func scaleShape(for shape: Shape) -> Shape? {
    switch self {
    case .tensor: return .scalar
    case .channel(let axis):
      guard shape.dimensions.indices.contains(axis) else { return nil }
      return [shape[axis]]
    case .group(let axis, let size):
      guard shape.dimensions.indices.contains(axis), size >= 1 else { return nil }
      var dimensions = shape.dimensions
      dimensions[axis] = dimensions[axis] / size + (dimensions[axis] % size == 0 ? 0 : 1)
      return try? Shape(checking: dimensions)
    }
  }
}
