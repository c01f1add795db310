import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Movement")
struct MovementTests {
  /// Shapes and orders of axes: small, odd, larger than a tile, with empty axes.
  static let transpositions: [(Shape, [Int])] = [
    ([2, 3], [1, 0]), ([37, 65], [1, 0]), ([3, 5, 7], [2, 0, 1]), ([2, 33, 40, 3], [0, 2, 3, 1]),
    ([2, 35, 3, 34], [0, 2, 1, 3]), ([2, 3, 1, 5], [3, 2, 1, 0]), ([4, 0, 3], [2, 1, 0]), ([], []),
    ([3, 36, 2, 5], [3, 1, 0, 2]),
  ]

  @Test("each element of a transposition stands at its permuted indices", arguments: transpositions)
  func transpose(_ shape: Shape, _ order: [Int]) throws {
    let moved = try result(
      "Transpose", try counting(shape), attributes: ["perm": .ints(order.map(Int64.init))])
    #expect(moved.shape.dimensions == order.map { shape[$0] })
    let expected = (0..<shape.elementCount).map { index in
      Float(
        order.indices.reduce(0) { sum, axis in
          let place = index / moved.shape.strides[axis] % moved.shape[axis]
          return sum + place * shape.strides[order[axis]]
        })
    }
    #expect(moved.array(of: Float.self) == expected)
  }

  @Test(
    "elements of every width move alike",
    arguments: [DType.uint8, .int16, .float32, .int64, .complex128])
  func widths(_ dtype: DType) throws {
    let plain = try Tensor((0..<(6 * dtype.byteWidth)).map { UInt8($0) })
    let x = Tensor(dtype, [2, 3], buffer: plain.buffer)
    let moved = try result("Transpose", x)
    let bytes = moved.withBytes { Array($0) }
    let expected = [0, 3, 1, 4, 2, 5].flatMap { index in
      (0..<dtype.byteWidth).map { UInt8(index * dtype.byteWidth + $0) }
    }
    #expect(bytes == expected)
  }

  @Test("slices are clamped, go backwards, and may be empty")
  func slices() throws {
    let x = try counting([10])
    func slice(_ start: Int64, _ end: Int64, _ step: Int64) throws -> [Float] {
      try result(
        "Slice", x, try Tensor([start]), try Tensor([end]), nil, try Tensor([step])
      ).array(of: Float.self)
    }
    #expect(try slice(2, 1000, 3) == [2, 5, 8])
    #expect(try slice(-1, -1000, -4) == [9, 5, 1])
    #expect(try slice(.max, .min, .min) == [9])
    #expect(try slice(5, 2, 1) == [])
    #expect(throws: OperatorError.self) { try slice(0, 1, 0) }
  }

  @Test("strings move as other elements do")
  func strings() throws {
    let x = try Tensor(strings: ["a", "b", "c", "d"], [2, 2])
    #expect(try result("Transpose", x).strings == ["a", "c", "b", "d"])
    let padded = try result("Pad", x, try Tensor([Int64(0), 0, 0, 1]))
    #expect(padded.strings == ["a", "b", "", "c", "d", ""])
    let parts = try run("Split", [x], ["axis": .int(1)], outputs: 2)
    #expect(parts.map(\.strings) == [["a", "c"], ["b", "d"]])
  }

  @Test("padding reflects, wraps and repeats beyond the tensor's own length")
  func padding() throws {
    let x = try counting([3])
    func pad(_ mode: String) throws -> [Float] {
      try result("Pad", x, try Tensor([Int64(5), 2]), attributes: ["mode": .text(mode)])
        .array(of: Float.self)
    }
    #expect(try pad("reflect") == [1, 0, 1, 2, 1, 0, 1, 2, 1, 0])
    #expect(try pad("wrap") == [1, 2, 0, 1, 2, 0, 1, 2, 0, 1])
    #expect(try pad("edge") == [0, 0, 0, 0, 0, 0, 1, 2, 2, 2])
    let cropped = try result("Pad", x, try Tensor([Int64(-1), 1]))
    #expect(cropped.array(of: Float.self) == [1, 2, 0])
    #expect(throws: OperatorError.self) { try result("Pad", x, try Tensor([Int64(-4), 0])) }
  }

  @Test("parts that do not add up are refused")
  func split() throws {
    for parts in [[Int64(1), 1], [2, 2], [4, -1], [.max, .max]] {
      #expect(throws: OperatorError.self) {
        try run("Split", [try counting([3]), try Tensor(parts)], outputs: 2)
      }
    }
  }

  @Test("shapes that a file merely claims are refused, not allocated")
  func claims() throws {
    #expect(throws: TensorError.self) {
      try result("ConstantOfShape", try Tensor([Int64.max, 2]))
    }
    #expect(throws: TensorError.self) {
      try result("Expand", try counting([1]), try Tensor([Int64(-1)]))
    }
    #expect(throws: TensorError.self) {
      try result("Tile", try counting([2]), try Tensor([Int64.max]))
    }
    #expect(
      try result(
        "DepthToSpace", try counting([1, 1 << 30, 0, 1 << 30]),
        attributes: ["blocksize": .int(1 << 15)]
      ).shape == [1, 1, 0, 1 << 45])
    #expect(throws: OperatorError.self) {
      try result("Reshape", try counting([6]), try Tensor([Int64(4), -1]))
    }
  }
}
