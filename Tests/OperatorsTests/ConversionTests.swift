import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Conversions")
struct ConversionTests {
  /// `tensor` cast to `dtype`.
  private func cast(
    _ tensor: Tensor, _ dtype: DType, _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor {
    try result(
      "Cast", tensor,
      attributes: attributes.merging(["to": .int(Int64(dtype.rawValue))]) { old, _ in old })
  }

  /// Every code of a type of at most 8 bits.
  private func codes(_ dtype: DType) throws -> Tensor {
    let bytes = (0..<(1 << dtype.bitWidth)).map { code -> UInt8 in
      let byte = UInt8(code)
      let unused = UInt8(8 - dtype.bitWidth)
      return dtype.isSignedInteger
        ? UInt8(bitPattern: Int8(bitPattern: byte << unused) >> Int8(unused)) : byte
    }
    let plain = try Tensor(bytes)
    return Tensor(dtype, plain.shape, buffer: plain.buffer)
  }

  @Test(
    "every finite number of a small type survives Float and Double",
    arguments: [
      DType.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float4e2m1, .float8e8m0,
      .uint4, .int4, .uint2, .int2, .int8, .uint8,
    ])
  func roundTrip(_ dtype: DType) throws {
    let stored = try codes(dtype)
    for wide in [DType.float32, .float64] {
      let numbers = try cast(stored, wide)
      let back = try cast(numbers, dtype)
      let values = try cast(numbers, .float64).array(of: Double.self)
      let same = zip(stored.packedOrPlain, back.packedOrPlain)
      for (value, (old, new)) in zip(values, same) where value.isFinite {
        #expect(old == new, "\(value) of \(dtype.name) by way of \(wide.name)")
      }
    }
  }

  @Test("numbers beyond an fp8 type's range saturate, or become infinity or NaN")
  func saturation() throws {
    let x = try Tensor([Float(1e9), -1e9, .infinity, .nan])
    func numbers(_ dtype: DType, saturate: Int64) throws -> [Float] {
      try cast(try cast(x, dtype, ["saturate": .int(saturate)]), .float32).array(of: Float.self)
    }
    #expect(try numbers(.float8e4m3fn, saturate: 1).prefix(3) == [448, -448, 448])
    #expect(try numbers(.float8e5m2, saturate: 0).prefix(3) == [.infinity, -.infinity, .infinity])
    #expect(try numbers(.float8e4m3fnuz, saturate: 0).allSatisfy(\.isNaN))
    #expect(try numbers(.float8e5m2fnuz, saturate: 1).prefix(3) == [57_344, -57_344, 57_344])
  }

  @Test("the 6-bit types go by their numbers in ONNX")
  func sixBits() throws {
    let x = try Tensor([Float(7.3), -28, 0.0625, 100])
    for (code, expected) in [(27, [7.5, -7.5, 0, 7.5]), (28, [7, -28, 0.0625, 28])]
      as [(Int64, [Float])]
    {
      let stored = try result("Cast", x, attributes: ["to": .int(code)])
      #expect(try cast(stored, .float32).array(of: Float.self) == expected)
    }
  }

  @Test("powers of two are rounded up, down or to the nearer")
  func powers() throws {
    let x = try Tensor([Float(3), 2.5, 5, 8])
    func numbers(_ mode: String) throws -> [Float] {
      try cast(try cast(x, .float8e8m0, ["round_mode": .text(mode)]), .float32).array(
        of: Float.self)
    }
    #expect(try numbers("up") == [4, 4, 8, 8])
    #expect(try numbers("down") == [2, 2, 4, 8])
    #expect(try numbers("nearest") == [4, 2, 4, 8])
  }

  @Test("integers keep their low bits")
  func lowBits() throws {
    let x = try Tensor([Int32(200), -1, 0x1_2345])
    #expect(try cast(x, .int8).array(of: Int8.self) == [-56, -1, 0x45])
    #expect(try cast(x, .uint16).array(of: UInt16.self) == [200, 0xFFFF, 0x2345])
    #expect(try cast(try cast(x, .int4), .int64).array(of: Int64.self) == [-8, -1, 5])
    #expect(try cast(try cast(x, .uint2), .int64).array(of: Int64.self) == [0, 3, 1])
    #expect(try cast(x, .bool).array(of: Bool.self) == [true, true, true])
  }

  @Test("floats are cut off, and no float traps")
  func truncation() throws {
    let x = try Tensor([Float(2.9), -2.9, .nan, .infinity, -.infinity, 3e38])
    #expect(try cast(x, .int32).array(of: Int32.self).prefix(2) == [2, -2])
    for dtype in DType.allCases where dtype.isInteger {
      #expect(try cast(x, dtype).elementCount == 6)
    }
    let wide = try Tensor([Double(1 << 63), -1])
    #expect(try cast(wide, .uint64).array(of: UInt64.self).first == 1 << 63)
  }

  @Test("64-bit integers become Float with one rounding")
  func wideIntegers() throws {
    let x = try Tensor([Int64(16_777_217), (1 << 53) + 1])
    #expect(try cast(x, .float32).array(of: Float.self) == [16_777_216, 0x1p53])
    #expect(try cast(try Tensor([UInt64.max]), .float32).array(of: Float.self) == [0x1p64])
  }

  @Test("strings are numbers in plain or scientific notation")
  func strings() throws {
    let texts = try Tensor(strings: ["3.5", "1e2", "-INF", "nan"], [4])
    let numbers = try cast(texts, .float32).array(of: Float.self)
    #expect(numbers.prefix(3) == [3.5, 100, -.infinity] && numbers[3].isNaN)
    #expect(throws: OperatorError.self) {
      try cast(try Tensor(strings: ["hello"], [1]), .float32)
    }
    #expect(try cast(try Tensor([Int16(-7)]), .string).strings == ["-7"])
  }

  @Test("bits are read as another type of the same width only")
  func bits() throws {
    let bits = try result("BitCast", try Tensor([Float(1)]), attributes: ["to": .int(6)])
    #expect(bits.array(of: Int32.self) == [0x3F80_0000])
    #expect(throws: OperatorError.self) {
      try result("BitCast", try Tensor([Float(1)]), attributes: ["to": .int(7)])
    }
  }
}

extension Tensor {
  /// The elements' bytes in memory.
  fileprivate var packedOrPlain: [UInt8] { withBytes { Array($0) } }
}
