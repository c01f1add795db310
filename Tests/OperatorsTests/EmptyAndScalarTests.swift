import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Empty tensors and scalars")
struct EmptyAndScalarTests {
  /// Operators of one tensor that take any shape.
  static let unary = [
    "Abs", "Exp", "Relu", "Gelu", "Sigmoid", "Identity", "Not", "IsNaN", "Softplus", "Flatten",
    "NonZero", "Transpose", "Squeeze", "Size", "Shape", "ReduceSum", "ReduceMax", "ReduceMean",
  ]

  @Test("operators of one tensor take an empty one and a scalar", arguments: unary)
  func shapes(_ opType: String) throws {
    for shape in [Shape([0, 3]), Shape([2, 0]), Shape.scalar] {
      let x = opType == "Not" ? try Tensor(zeros: .bool, shape) : try counting(shape)
      if opType == "Flatten", shape.rank == 0 { continue }
      #expect(try !run(opType, [x]).isEmpty)
    }
  }

  @Test("reductions of nothing give their neutral elements")
  func neutral() throws {
    let (x, axis) = (try counting([2, 0]), try Tensor([Int64(1)]))
    #expect(try result("ReduceSum", x, axis).array(of: Float.self) == [0, 0])
    #expect(try result("ReduceProd", x, axis).array(of: Float.self) == [1, 1])
    #expect(try result("ReduceMax", x, axis).array(of: Float.self) == [-.infinity, -.infinity])
    let integers = try Tensor([Int32](), [2, 0])
    #expect(try result("ReduceMin", integers, axis).array(of: Int32.self) == [.max, .max])
    let booleans = try Tensor([Bool](), [2, 0])
    #expect(try result("ReduceMin", booleans, axis).array(of: Bool.self) == [true, true])
    #expect(try result("ReduceMax", booleans, axis).array(of: Bool.self) == [false, false])
    #expect(throws: OperatorError.self) {
      try result("ArgMax", x, attributes: ["axis": .int(1)])
    }
  }

  @Test("a product over an empty inner extent is zero")
  func products() throws {
    let product = try result("MatMul", try counting([2, 0]), try counting([0, 3]))
    #expect(product.array(of: Float.self) == [Float](repeating: 0, count: 6))
    let integers = try result(
      "MatMulInteger", try Tensor([UInt8](), [2, 0]), try Tensor([Int8](), [0, 2]))
    #expect(integers.array(of: Int32.self) == [0, 0, 0, 0])
    let sum = try result(
      "Einsum", try counting([2, 0]), attributes: ["equation": .text("ij->i")])
    #expect(sum.array(of: Float.self) == [0, 0])
  }

  @Test("an axis that the tensor lacks is an error, not a trap", arguments: [2, -3, .max, .min])
  func axes(_ axis: Int64) throws {
    let x = try counting([2, 2])
    let attribute: [String: AttributeValue] = ["axis": .int(axis)]
    #expect(throws: OperatorError.self) { try result("Concat", x, x, attributes: attribute) }
    #expect(throws: OperatorError.self) { try result("ArgMin", x, attributes: attribute) }
    #expect(throws: OperatorError.self) { try result("Squeeze", x, try Tensor([axis])) }
    #expect(throws: OperatorError.self) { try result("CumSum", x, try Tensor(scalar: axis)) }
    #expect(throws: OperatorError.self) { try result("ReduceL1", x, try Tensor([axis])) }
  }

  @Test(
    "diagonals far outside a matrix leave it whole or empty", arguments: [Int64.max, .min, 9, -9])
  func diagonals(_ diagonal: Int64) throws {
    let x = try Tensor([Float(1), 2, 3, 4], [2, 2])
    let upper = try result("Trilu", x, try Tensor(scalar: diagonal))
    #expect(upper.array(of: Float.self) == (diagonal > 0 ? [0, 0, 0, 0] : [1, 2, 3, 4]))
    let eye = try result("EyeLike", x, attributes: ["k": .int(diagonal)])
    #expect(eye.array(of: Float.self) == [0, 0, 0, 0])
  }
}
