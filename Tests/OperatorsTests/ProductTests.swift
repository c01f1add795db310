import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Products")
struct ProductTests {
  /// Rows, depth, columns: below and above the size that goes to the library, vectors, long and
  /// narrow ones, more than one block.
  static let extents: [(Int, Int, Int)] = [
    (1, 1, 1), (3, 5, 2), (64, 64, 64), (1, 300, 200), (200, 300, 1), (200, 1, 300), (700, 9, 11),
    (11, 9, 700), (129, 65, 131),
  ]

  /// Whole numbers small enough that every order of summation is exact.
  private func whole(_ shape: Shape, _ seed: Int) throws -> Tensor {
    try Tensor((0..<shape.elementCount).map { Float(($0 * seed + 3) % 7 - 3) }, shape)
  }

  @Test("Gemm agrees with the definition for every transposition", arguments: extents)
  func gemm(_ rows: Int, _ depth: Int, _ columns: Int) throws {
    for (transA, transB) in [(false, false), (true, false), (false, true), (true, true)] {
      let a = try whole(transA ? [depth, rows] : [rows, depth], 5)
      let b = try whole(transB ? [columns, depth] : [depth, columns], 4)
      let product = try result(
        "Gemm", a, b,
        attributes: ["transA": .int(transA ? 1 : 0), "transB": .int(transB ? 1 : 0)])
      let (x, y) = (a.array(of: Float.self), b.array(of: Float.self))
      let expected = (0..<(rows * columns)).map { index -> Float in
        let (row, column) = index.quotientAndRemainder(dividingBy: columns)
        return (0..<depth).reduce(0) { sum, inner in
          sum + x[transA ? inner * rows + row : row * depth + inner]
            * y[transB ? column * depth + inner : inner * columns + column]
        }
      }
      #expect(product.array(of: Float.self) == expected)
    }
  }

  @Test("leading axes broadcast, vectors count as a row or a column")
  func matMul() throws {
    let (a, b) = (try whole([2, 1, 3, 4], 5), try whole([5, 4, 2], 4))
    let product = try result("MatMul", a, b)
    #expect(product.shape == [2, 5, 3, 2])
    let one = try result(
      "MatMul",
      try result(
        "Gather", try result("Gather", a, try Tensor(scalar: Int64(1))),
        try Tensor(scalar: Int64(0))),
      try result("Gather", b, try Tensor(scalar: Int64(3))))
    let part = product.array(of: Float.self)[(8 * 6)..<(9 * 6)]
    #expect(Array(part) == one.array(of: Float.self))
    #expect(try result("MatMul", try whole([4], 2), try whole([4], 3)).shape == .scalar)
    #expect(try result("MatMul", try whole([4], 2), b).shape == [5, 2])
  }

  @Test("Einsum takes diagonals, ellipses, sums and several operands")
  func einsum() throws {
    let x = try whole([3, 3], 5)
    func einsum(_ equation: String, _ inputs: Tensor...) throws -> [Float] {
      try run("Einsum", inputs, ["equation": .text(equation)])[0].array(of: Float.self)
    }
    let elements = x.array(of: Float.self)
    #expect(try einsum("ii->i", x) == [elements[0], elements[4], elements[8]])
    #expect(try einsum("ii", x) == [elements[0] + elements[4] + elements[8]])
    let (y, z) = (try whole([2, 3, 4], 4), try whole([4, 5], 3))
    let product = try result("MatMul", y, z)
    #expect(try einsum("...j,jk->...k", y, z) == product.array(of: Float.self))
    let chain = try result("MatMul", try result("MatMul", x, x), x)
    #expect(try einsum("ij,jk,kl->il", x, x, x) == chain.array(of: Float.self))
    for equation in ["ij->ik", "i->", "ij,jk", "i.j->i", "ij->ii"] {
      #expect(throws: OperatorError.self, "\(equation)") { try einsum(equation, x) }
    }
  }

  @Test("Det gives the product of the pivots with the sign of the exchanges")
  func determinant() throws {
    let matrices = try Tensor([Float(0), 1, 1, 0, 2, 1, 1, 2, 1, 2, 2, 4], [3, 2, 2])
    #expect(try result("Det", matrices).array(of: Float.self) == [-1, 3, 0])
    #expect(try result("Det", try counting([0, 0])).array(of: Float.self) == [1])
  }
}
