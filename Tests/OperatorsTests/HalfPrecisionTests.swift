import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Half precision")
struct HalfPrecisionTests {
  /// `values` as fp16 or bf16.
  private func half(_ values: [Float], _ dtype: DType, _ shape: Shape? = nil) throws -> Tensor {
    try result(
      "Cast", try Tensor(values, shape), attributes: ["to": .int(Int64(dtype.rawValue))])
  }

  private func floats(_ tensor: Tensor) throws -> [Float] {
    try result("Cast", tensor, attributes: ["to": .int(1)]).array(of: Float.self)
  }

  @Test("results have the inputs' type and one rounding", arguments: [DType.float16, .bfloat16])
  func rounding(_ dtype: DType) throws {
    // The least step above 1, squared, shows a rounding between product and sum.
    let step: Float = dtype == .float16 ? 0x1p-10 : 0x1p-7
    let x = try half([1 + step, 1 - step / 2], dtype)
    let sum = try result("ReduceSumSquare", x)
    #expect(sum.dtype == dtype)
    let exact = (1 + step) * (1 + step) + (1 - step / 2) * (1 - step / 2)
    #expect(try floats(sum) == floats(try half([exact], dtype, [1])))
  }

  @Test("a long sum does not stall", arguments: [DType.float16, .bfloat16])
  func accumulation(_ dtype: DType) throws {
    let ones = try half([Float](repeating: 1, count: 4096), dtype)
    #expect(try floats(try result("ReduceSum", ones)) == [4096])
    let product = try result("MatMul", ones.reshaped([1, 4096]), ones.reshaped([4096, 1]))
    #expect(try floats(product) == [4096])
  }

  @Test("comparisons give booleans, indices stay integers", arguments: [DType.float16, .bfloat16])
  func otherTypes(_ dtype: DType) throws {
    let x = try half([1, 3, 2], dtype)
    #expect(
      try result("Greater", x, try half([2], dtype)).array(of: Bool.self) == [false, true, false])
    #expect(try result("ArgMax", x).array(of: Int64.self) == [1])
  }
}
