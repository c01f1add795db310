import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Shape rules")
struct ShapeRuleTests {
  private func known(_ dimensions: [Dimension]?, _ dtype: DType = .float32) -> KnownValue {
    KnownValue(TensorType(dtype, dimensions))
  }

  private func known(_ values: [Int64]) throws -> KnownValue {
    let tensor = try Tensor(values)
    return KnownValue(TensorType(.int64, tensor.shape), value: tensor)
  }

  @Test("names survive where extents are not known")
  func names() throws {
    let x = known([.symbol("batch"), .fixed(3), .unknown])
    #expect(
      try inferred("Add", [x, known([.fixed(1)])]).dimensions
        == [.symbol("batch"), .fixed(3), .unknown])
    #expect(
      try inferred("Transpose", [x], ["perm": .ints([1, 0, 2])]).dimensions
        == [.fixed(3), .symbol("batch"), .unknown])
    #expect(
      try inferred("Reshape", [x, known([0, -1])]).dimensions == [.symbol("batch"), .unknown])
    #expect(
      try inferred("Unsqueeze", [x, known([0, -1])]).dimensions
        == [.fixed(1), .symbol("batch"), .fixed(3), .unknown, .fixed(1)])
  }

  @Test("an unknown rank stays unknown, and is no error")
  func unknownRank() throws {
    let x = known(nil)
    for opType in ["Relu", "Transpose", "Squeeze", "ReduceSum", "Flatten", "Trilu"] {
      #expect(try inferred(opType, [x]).dtype == .float32)
    }
    #expect(try inferred("MatMul", [x, x]).dimensions == nil)
    #expect(try inferred("Concat", [x, x], ["axis": .int(0)]).dimensions == nil)
  }

  @Test("what cannot fit is refused before a run")
  func refused() throws {
    let (x, y) = (known([.fixed(2), .fixed(3)]), known([.fixed(4), .fixed(5)]))
    #expect(throws: OperatorError.self) { try inferred("Add", [x, y]) }
    #expect(throws: OperatorError.self) { try inferred("MatMul", [x, y]) }
    #expect(throws: OperatorError.self) { try inferred("Reshape", [x, known([4, -1])]) }
    #expect(throws: OperatorError.self) { try inferred("Squeeze", [x, known([0])]) }
  }

  @Test("the rule gives the shape that a run gives")
  func agreement() throws {
    let x = try counting([2, 3, 4])
    let cases: [(String, [Tensor], [String: AttributeValue])] = [
      (
        "Slice",
        [
          x, try Tensor([Int64(-1)]), try Tensor([Int64(-9)]), try Tensor([Int64(2)]),
          try Tensor([Int64(-2)]),
        ], [:]
      ),
      ("Pad", [x, try Tensor([Int64(1), -1, 0, 2, 0, 0])], [:]),
      ("Tile", [x, try Tensor([Int64(2), 1, 0])], [:]),
      ("Expand", [x, try Tensor([Int64(5), 1, 1, 4])], [:]),
      ("Gather", [x, try Tensor([Int64(0), 1], [1, 2])], ["axis": .int(1)]),
      ("ReduceMean", [x, try Tensor([Int64(-1), 0])], ["keepdims": .int(0)]),
      ("Flatten", [x], ["axis": .int(-1)]),
      ("OneHot", [x, try Tensor(scalar: Int64(7)), try Tensor([Float(0), 1])], ["axis": .int(1)]),
      ("Einsum", [x, x], ["equation": .text("bij,bkj->ikb")]),
    ]
    for (opType, inputs, attributes) in cases {
      let values = inputs.map { KnownValue(TensorType($0.dtype, $0.shape), value: $0) }
      let shape = try run(opType, inputs, attributes)[0].shape
      #expect(try inferred(opType, values, attributes).shape == shape, "\(opType)")
    }
  }
}
