import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Quantized operators")
struct QuantizedOperatorsTests {
  @Test("halves are rounded to even, NaN gives the zero point, infinities the ends")
  func rounding() throws {
    let x = try Tensor([Float(0.5), 1.5, 2.5, -0.5, .nan, .infinity, -.infinity])
    let quantized = try result(
      "QuantizeLinear", x, try Tensor(scalar: Float(1)), try Tensor(scalar: UInt8(10)))
    #expect(quantized.array(of: UInt8.self) == [10, 12, 12, 10, 10, 255, 0])
  }

  @Test("blocks along an axis may end short")
  func blocks() throws {
    let x = try Tensor([Int8(1), 2, 3, 4, 5], [1, 5])
    let scale = try Tensor([Float(1), 10, 100], [1, 3])
    let real = try result(
      "DequantizeLinear", x, scale, nil, attributes: ["block_size": .int(2)])
    #expect(real.array(of: Float.self) == [1, 2, 30, 40, 500])
    for size in [Int64(3), .max, -1] {
      #expect(throws: OperatorError.self) {
        try result("DequantizeLinear", x, scale, nil, attributes: ["block_size": .int(size)])
      }
    }
  }

  @Test("blocks along an axis that is not the last pair with each column's scales")
  func outerBlocks() throws {
    let x = try Tensor([UInt8(1), 2, 3, 4, 5, 6], [3, 2])
    let scale = try Tensor([Float(1), 10, 100, 1000], [2, 2])
    let real = try result(
      "DequantizeLinear", x, scale, try Tensor([UInt8(1), 0, 0, 6], [2, 2]),
      attributes: ["axis": .int(0), "block_size": .int(2)])
    #expect(real.array(of: Float.self) == [0, 20, 2, 40, 500, 0])
  }

  @Test("zero points may differ by row and column")
  func zeroPoints() throws {
    let (a, b) = (
      try Tensor([UInt8(1), 2, 3, 4], [2, 2]), try Tensor([Int8(1), 2, 3, 4], [2, 2])
    )
    let product = try result(
      "MatMulInteger", a, b, try Tensor([UInt8(1), 3], [2]), try Tensor([Int8(0), 4], [2]))
    // [[0, 1], [0, 1]] times [[1, −2], [3, 0]].
    #expect(product.array(of: Int32.self) == [3, 0, 3, 0])
  }

  @Test("convolutions over three axes agree with those over two")
  func spatialAxes() throws {
    let x = try Tensor((0..<50).map { UInt8($0 * 5) }, [1, 2, 5, 5])
    let w = try Tensor((0..<36).map { Int8($0 * 7 - 120) }, [2, 2, 3, 3])
    let (zeroX, zeroW) = (try Tensor(scalar: UInt8(100)), try Tensor([Int8(3), -5]))
    let pads: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1])]
    let flat = try result("ConvInteger", x, w, zeroX, zeroW, attributes: pads)
    let deep = try result(
      "ConvInteger", x.reshaped([1, 2, 1, 5, 5]), w.reshaped([2, 2, 1, 3, 3]), zeroX, zeroW,
      attributes: ["pads": .ints([0, 1, 1, 0, 1, 1])])
    #expect(flat.array(of: Int32.self) == deep.array(of: Int32.self))
  }

  @Test("a tensor of zeros is quantized to zeros")
  func zeros() throws {
    let results = try run("DynamicQuantizeLinear", [try Tensor([Float(0), 0])], outputs: 3)
    #expect(results[0].array(of: UInt8.self) == [0, 0])
    #expect(results[2].array(of: UInt8.self) == [0])
  }
}
