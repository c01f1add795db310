import Operators
import Tensors
import Testing

@Suite("Integer arithmetic")
struct IntegerArithmeticTests {
  @Test("sums, differences and products wrap")
  func wrapping() throws {
    let (a, b) = (try Tensor([Int8.max, .min]), try Tensor([Int8(1), 1]))
    #expect(try result("Add", a, b).array(of: Int8.self) == [-128, -127])
    #expect(try result("Sub", a, b).array(of: Int8.self) == [126, 127])
    let large = try Tensor([Int64.max, .min])
    #expect(
      try result("Mul", large, try Tensor([Int64(2), -1])).array(of: Int64.self) == [-2, .min])
  }

  @Test("a division by zero gives 0, the lowest integer by −1 itself")
  func division() throws {
    let quotient = try result(
      "Div", try Tensor([Int32(7), .min, -7]), try Tensor([Int32(0), -1, 2]))
    #expect(quotient.array(of: Int32.self) == [0, .min, -3])
    let unsigned = try result("Div", try Tensor([UInt64(7), .max]), try Tensor([UInt64(0), 1]))
    #expect(unsigned.array(of: UInt64.self) == [0, .max])
  }

  @Test("a remainder by zero gives 0, and has the divisor's sign or with fmod the dividend's")
  func remainder() throws {
    let (a, b) = (try Tensor([Int16(7), .min, -7, 7]), try Tensor([Int16(0), -1, 3, -3]))
    #expect(try result("Mod", a, b).array(of: Int16.self) == [0, 0, 2, -2])
    let truncated = try result("Mod", a, b, attributes: ["fmod": .int(1)])
    #expect(truncated.array(of: Int16.self) == [0, 0, -1, 1])
  }

  @Test("the lowest integer has no magnitude and no opposite")
  func magnitude() throws {
    let lowest = try Tensor([Int8.min, -5, 5])
    #expect(try result("Abs", lowest).array(of: Int8.self) == [.min, 5, 5])
    #expect(try result("Neg", lowest).array(of: Int8.self) == [.min, 5, -5])
    #expect(try result("Sign", lowest).array(of: Int8.self) == [-1, -1, 1])
  }

  @Test("powers wrap, and negative ones of integers other than ±1 are 0")
  func powers() throws {
    let power = try result(
      "Pow", try Tensor([Int32(2), 3, 2, -1, 0]), try Tensor([Int64(40), 3, -1, -3, 0]))
    #expect(power.array(of: Int32.self) == [0, 27, 0, -1, 1])
  }

  @Test("shifts by the width or more, or by a negative count, leave the fill")
  func shifts() throws {
    let (values, counts) = (try Tensor([Int8(-4), 3, -4, 3]), try Tensor([Int8(8), 9, -1, 1]))
    let right = try result("BitShift", values, counts, attributes: ["direction": .text("RIGHT")])
    #expect(right.array(of: Int8.self) == [-1, 0, -1, 1])
    let left = try result("BitShift", values, counts, attributes: ["direction": .text("LEFT")])
    #expect(left.array(of: Int8.self) == [0, 0, 0, 6])
  }

  @Test("sums over axes, running products and products of matrices wrap")
  func folds() throws {
    let x = try Tensor([Int32.max, 1, 2, 3], [2, 2])
    let axes = try Tensor([Int64(1)])
    #expect(try result("ReduceSum", x, axes).array(of: Int32.self) == [.min, 5])
    let running = try result("CumProd", x, try Tensor(scalar: Int32(0)))
    #expect(running.array(of: Int32.self) == [.max, 1, -2, 3])
    #expect(try result("MatMul", x, x).array(of: Int32.self) == [3, .min &+ 2, 4, 11])
  }

  @Test("an integer range may reach the type's ends")
  func ranges() throws {
    let range = try result(
      "Range", try Tensor(scalar: Int64.max - 1), try Tensor(scalar: Int64.max),
      try Tensor(scalar: Int64(5)))
    #expect(range.array(of: Int64.self) == [.max - 1])
    #expect(throws: OperatorError.self) {
      try result(
        "Range", try Tensor(scalar: Int64(0)), try Tensor(scalar: Int64(1)),
        try Tensor(scalar: Int64(0)))
    }
  }
}
