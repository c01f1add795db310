import Tensors

/// Where the rows of attention's queries, keys or values lie: `[N, heads, length, size]`, or packed
/// `[N, length, heads · size]`.
struct HeadLayout: Sendable {
  let batch: Int
  let heads: Int
  let length: Int
  let size: Int
  let isPacked: Bool

  /// The layout of input `index` of shape `shape`; `heads` tells how many a packed shape holds.
  ///
  /// - Throws: `OperatorError.inputShape`, or `.missingAttribute` for a packed shape without `heads`.
  init(_ shape: Shape, index: Int, heads: Int?, attribute: String) throws {
    switch shape.rank {
    case 4: self.init(batch: shape[0], heads: shape[1], length: shape[2], size: shape[3])
    case 3:
      guard let heads else { throw OperatorError.missingAttribute(attribute) }
      guard heads >= 1, shape[2] % heads == 0 else {
        throw OperatorError.inputShape(
          index: index, expected: "a last axis divisible into \(heads) heads", found: shape)
      }
      self.init(
        batch: shape[0], heads: heads, length: shape[1], size: shape[2] / heads, isPacked: true)
    default:
      throw OperatorError.inputShape(index: index, expected: "three or four axes", found: shape)
    }
  }

  /// A layout of given extents.
  init(batch: Int, heads: Int, length: Int, size: Int, isPacked: Bool = false) {
    self.batch = batch
    self.heads = heads
    self.length = length
    self.size = size
    self.isPacked = isPacked
  }

  /// The shape of a tensor laid out like this.
  func shape() throws -> Shape {
    try Shape(
      checking: isPacked ? [batch, length, heads * size] : [batch, heads, length, size])
  }

  /// How far apart neighbouring rows of one head lie.
  var rowStride: Int { isPacked ? heads * size : size }

  /// Where row 0 of a head lies.
  func start(image: Int, head: Int) -> Int {
    isPacked ? image * length * heads * size + head * size : (image * heads + head) * length * size
  }
}
