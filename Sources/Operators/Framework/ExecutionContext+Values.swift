import Tensors

extension ExecutionContext {
  /// Input `index` as integers (int32 or int64 elements), for indices, axes and extents.
  ///
  /// - Throws: `OperatorError.missingInput`, `.inputType`.
  func integers(_ index: Int, _ name: String) throws -> [Int] {
    let tensor = try input(index, name)
    guard let values = tensor.integers else {
      throw OperatorError.inputType(index: index, expected: "int32 or int64", found: tensor.dtype)
    }
    return values
  }

  /// Input `index` as integers; nil where it is left out.
  func optionalIntegers(_ index: Int, _ name: String) throws -> [Int]? {
    try has(index) ? integers(index, name) : nil
  }

  /// Input `index`, which holds one integer.
  func integer(_ index: Int, _ name: String) throws -> Int {
    let values = try integers(index, name)
    guard values.count == 1, let value = values.first else {
      throw OperatorError.inputShape(
        index: index, expected: "one element", found: try input(index, name).shape)
    }
    return value
  }

  /// Input `index`, which must hold elements of type `dtype`.
  func input(_ index: Int, _ name: String, _ dtype: DType) throws -> Tensor {
    let tensor = try input(index, name)
    guard tensor.dtype == dtype else {
      throw OperatorError.inputType(index: index, expected: dtype.name, found: tensor.dtype)
    }
    return tensor
  }

  /// Checks that the inputs `indices` have the type of the first of them.
  func requireSameType(_ indices: Int...) throws {
    guard let first = indices.first.flatMap(optionalInput) else { return }
    for index in indices {
      if let other = optionalInput(index), other.dtype != first.dtype {
        throw OperatorError.inputType(
          index: index, expected: first.dtype.name, found: other.dtype)
      }
    }
  }
}

extension Tensor {
  /// The elements as Double, where they are numbers or booleans.
  var doubles: [Double] {
    guard dtype != .string, let wide = try? converted(to: .float64) else { return [] }
    return wide.array(of: Double.self)
  }
}

extension Shape {
  /// `axis`, counted from the end where negative.
  ///
  /// - Throws: `OperatorError.attribute` outside `-rank..<rank`.
  func checkedAxis(_ axis: Int, attribute: String = "axis") throws -> Int {
    try normalized(axis: axis, rank: rank, attribute: attribute)
  }

  /// The shape without bounds on its extents' product.
  ///
  /// - Throws: `TensorError` for a negative extent or a product that overflows.
  static func checked(_ extents: [Int]) throws -> Shape { try Shape(checking: extents) }
}

/// `axis` of a tensor of `rank` axes, counted from the end where negative.
///
/// - Throws: `OperatorError.attribute` outside `-rank..<rank`.
func normalized(axis: Int, rank: Int, attribute: String = "axis") throws -> Int {
  let normalized = axis < 0 ? axis &+ rank : axis
  guard normalized >= 0, normalized < rank else {
    throw OperatorError.attribute(
      attribute, expected: "an axis of a tensor of rank \(rank)", found: "\(axis)")
  }
  return normalized
}
