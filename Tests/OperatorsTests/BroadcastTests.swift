import Operators
import Tensors
import Testing

@Suite("Broadcasting")
struct BroadcastTests {
  /// Pairs of shapes, with every place an axis may be stretched.
  static let shapes: [(Shape, Shape)] = [
    ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], []), ([], [2, 3, 4]), ([2, 3, 4], [4]),
    ([2, 3, 4], [3, 1]),
    ([2, 1, 4], [1, 3, 1]), ([1], [1, 1, 1]), ([2, 0, 4], [1, 4]), ([5, 1, 1, 2], [3, 2, 1]),
  ]

  @Test("elements pair up by their indices from the last axis on", arguments: shapes)
  func pairing(_ left: Shape, _ right: Shape) throws {
    let sum = try result("Sub", try counting(left), try counting(right))
    let shape = try #require(left.broadcast(with: right))
    #expect(sum.shape == shape)
    let expected = (0..<shape.elementCount).map { index in
      Float(Self.position(index, shape, left) - Self.position(index, shape, right))
    }
    #expect(sum.array(of: Float.self) == expected)
  }

  @Test("three operands pair up", arguments: shapes)
  func selection(_ left: Shape, _ right: Shape) throws {
    let choice = try result(
      "Where", try Tensor([true, false, true, false], [4, 1, 1, 1, 1]), try counting(left),
      try counting(right))
    let pair = try #require(left.broadcast(with: right))
    let shape = try #require(pair.broadcast(with: [4, 1, 1, 1, 1]))
    let expected = (0..<shape.elementCount).map { index in
      let isFirst = index / (shape.elementCount / 4) % 2 == 0
      return Float(Self.position(index, shape, isFirst ? left : right))
    }
    #expect(choice.array(of: Float.self) == expected)
  }

  @Test("extents that differ and are not 1 are refused")
  func mismatch() throws {
    #expect(throws: OperatorError.self) {
      try result("Add", try counting([2, 3]), try counting([2, 4]))
    }
  }

  @Test("large operands are cut into runs without a seam")
  func large() throws {
    let (a, b) = (try counting([70_000, 3]), try Tensor([Float(0.5), 1.5, 2.5]))
    let sum = try result("Add", a, b).array(of: Float.self)
    #expect(sum.enumerated().allSatisfy { $1 == Float($0) + Float($0 % 3) + 0.5 })
  }

  /// The position in a tensor of `own` of the element that stands at `index` of `shape`.
  private static func position(_ index: Int, _ shape: Shape, _ own: Shape) -> Int {
    var result = 0
    for axis in own.dimensions.indices {
      let outer = axis + shape.rank - own.rank
      let place = index / shape.strides[outer] % shape[outer]
      result += own[axis] == 1 ? 0 : place * own.strides[axis]
    }
    return result
  }
}
