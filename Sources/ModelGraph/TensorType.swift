import Tensors

/// The extent of one axis as far as it is known before a graph runs.
public enum Dimension: Hashable, Sendable {
  /// A known extent, not negative.
  case fixed(Int)
  /// An extent that is the same wherever this name stands in the graph (`batch`, `height`).
  case symbol(String)
  /// An extent that only running the graph tells.
  case unknown

  /// The extent where it is known.
  public var fixedValue: Int? {
    if case .fixed(let extent) = self { extent } else { nil }
  }
}

/// The type of a graph's value: element type and, where the rank is known, the axes' extents.
public struct TensorType: Hashable, Sendable {
  /// The type of the elements; nil where nothing declares or implies it.
  public var dtype: DType?
  /// The extents; nil where the rank is not known.
  public var dimensions: [Dimension]?

  /// A type of which as much is known as is given.
  public init(_ dtype: DType?, _ dimensions: [Dimension]?) {
    self.dtype = dtype
    self.dimensions = dimensions
  }

  /// The type of a tensor of that shape.
  public init(_ dtype: DType, _ shape: Shape) {
    self.init(dtype, shape.dimensions.map(Dimension.fixed))
  }

  /// The number of axes, where it is known.
  public var rank: Int? { dimensions?.count }

  /// The shape where every extent is known and their product fits.
  public var shape: Shape? {
    guard let dimensions else { return nil }
    var extents: [Int] = []
    for dimension in dimensions {
      guard let extent = dimension.fixedValue else { return nil }
      extents.append(extent)
    }
    return try? Shape(checking: extents)
  }
}

/// A graph's input or output: its name and declared type.
public struct ValueInfo: Hashable, Sendable {
  /// The value's name.
  public var name: String
  /// What is declared of its type.
  public var type: TensorType

  /// Declares a value.
  public init(name: String, type: TensorType) {
    self.name = name
    self.type = type
  }
}
