/// The extents of a tensor's axes, outermost first; a scalar has none.
public struct Shape: Hashable, Sendable {
  /// Each axis's extent, none of them negative.
  public let dimensions: [Int]
  /// The product of all extents; 1 for a scalar.
  public let elementCount: Int

  /// A shape out of a file or a computation.
  ///
  /// - Throws: `TensorError.negativeDimension`, or `.elementCountOverflow` where the product of
  ///   all extents, zeros left out, does not fit an `Int`.
  public init(checking dimensions: [Int]) throws(TensorError) {
    var product = 1
    for extent in dimensions {
      guard extent >= 0 else { throw .negativeDimension(dimensions) }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else { throw .elementCountOverflow(dimensions) }
      product = next
    }
    self.dimensions = dimensions
    elementCount = dimensions.contains(0) ? 0 : product
  }

  /// A shape that is known to be valid: a programmer's literal, or extents of existing shapes.
  public init(_ dimensions: [Int]) {
    do {
      self = try Shape(checking: dimensions)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}

extension Shape {
  /// The shape of a scalar.
  public static let scalar: Shape = []

  /// How many axes there are.
  public var rank: Int { dimensions.count }

  /// The extent of `axis`, which lies in `0..<rank`.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// How many elements apart neighbours along each axis lie in row-major order.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in dimensions.indices.reversed().dropFirst() {
      strides[axis] = strides[axis + 1] * max(dimensions[axis + 1], 1)
    }
    return strides
  }

  /// `axis`, counted from the end where negative; nil outside `-rank..<rank`.
  public func normalizedAxis(_ axis: Int) -> Int? {
    let normalized = axis < 0 ? axis + rank : axis
    return dimensions.indices.contains(normalized) ? normalized : nil
  }

  /// The product of the extents of `axes`, a range of axis numbers.
  public func elementCount(of axes: Range<Int>) -> Int {
    dimensions[axes].reduce(1, *)
  }

  /// The shape both operands are stretched to by ONNX's multidirectional (numpy) broadcasting;
  /// nil where two extents differ and neither is 1.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(rank, other.rank)
    var extents = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let left = axis < rank - self.rank ? 1 : self[axis - (rank - self.rank)]
      let right = axis < rank - other.rank ? 1 : other[axis - (rank - other.rank)]
      guard left == right || left == 1 || right == 1 else { return nil }
      extents[axis] = left == 1 ? right : left
    }
    return try? Shape(checking: extents)
  }
}
