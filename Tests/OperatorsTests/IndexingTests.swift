import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Indexing")
struct IndexingTests {
  @Test(
    "an index out of range is an error in every gather and scatter", arguments: [3, -4, .max, .min])
  func outOfRange(_ index: Int64) throws {
    let x = try counting([3, 2])
    let one = try Tensor([index], [1, 1])
    #expect(throws: OperatorError.self) { try result("Gather", x, one) }
    #expect(throws: OperatorError.self) { try result("GatherElements", x, one) }
    #expect(throws: OperatorError.self) { try result("GatherND", x, one) }
    #expect(throws: OperatorError.self) {
      try result("ScatterElements", x, one, try counting([1, 1]))
    }
    #expect(throws: OperatorError.self) { try result("ScatterND", x, one, try counting([1, 2])) }
  }

  @Test("negative indices count from the end")
  func negative() throws {
    let x = try counting([3, 2])
    #expect(try result("Gather", x, try Tensor([Int64(-1)])).array(of: Float.self) == [4, 5])
    let scattered = try result(
      "ScatterND", x, try Tensor([Int64(-1), -2], [1, 2]), try Tensor([Float(9)]))
    #expect(scattered.array(of: Float.self) == [0, 1, 2, 3, 9, 5])
  }

  @Test("the input of a scatter is left as it was")
  func unchanged() throws {
    let x = try counting([4])
    _ = try result(
      "ScatterElements", x, try Tensor([Int64(0), 0]), try Tensor([Float(5), 6]),
      attributes: ["reduction": .text("add")])
    #expect(x.array(of: Float.self) == [0, 1, 2, 3])
  }

  @Test("gathers from an empty axis give nothing, or fail")
  func empty() throws {
    let x = try counting([0, 2])
    let none = try Tensor([Int64](), [0])
    #expect(try result("Gather", x, none).shape == [0, 2])
    #expect(throws: OperatorError.self) { try result("Gather", x, try Tensor([Int64(0)])) }
  }

  @Test("a condition beyond the axis, or a K beyond its extent, is an error")
  func selection() throws {
    let x = try counting([2, 3])
    #expect(throws: OperatorError.self) {
      try result(
        "Compress", x, try Tensor([false, false, true]), attributes: ["axis": .int(0)])
    }
    for count in [Int64(4), -1] {
      #expect(throws: OperatorError.self) { try run("TopK", [x, try Tensor([count])], outputs: 2) }
    }
  }

  @Test("equal elements come in the order of their indices, NaN first of the largest")
  func ordering() throws {
    let x = try Tensor([Float(1), .nan, 2, 2, 1])
    let largest = try run("TopK", [x, try Tensor([Int64(5)])], outputs: 2)
    #expect(largest[1].array(of: Int64.self) == [1, 2, 3, 0, 4])
    let smallest = try run("TopK", [x, try Tensor([Int64(5)])], ["largest": .int(0)], outputs: 2)
    #expect(smallest[1].array(of: Int64.self) == [0, 4, 2, 3, 1])
  }

  @Test("unique strings are sorted by their bytes, unique slices element by element")
  func unique() throws {
    let texts = try run("Unique", [try Tensor(strings: ["b", "a", "b"], [3])], outputs: 4)
    #expect(texts[0].strings == ["a", "b"])
    #expect(texts[2].array(of: Int64.self) == [1, 0, 1])
    let columns = try run(
      "Unique", [try Tensor([Int32(2), 1, 2, 0, 5, 0], [2, 3])], ["axis": .int(1)], outputs: 4)
    #expect(columns[0].array(of: Int32.self) == [1, 2, 5, 0])
    #expect(columns[3].array(of: Int64.self) == [1, 2])
  }
}
