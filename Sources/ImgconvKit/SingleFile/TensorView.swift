import Tensors

/// A tensor of another source under a name and a shape of its own.
struct TensorView: Sendable {
  /// How the elements follow from the source's.
  enum Part: Sendable {
    /// All, in their order.
    case whole
    /// As many as the shape takes, from this element on.
    case from(element: Int)
    /// All, the source's matrix transposed.
    case transposed
  }

  /// The name.
  var name: String
  /// The extents.
  var shape: Shape
  /// The number of the source's tensor.
  var source: Int
  /// What is taken of it.
  var part: Part = .whole
}
