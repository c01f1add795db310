import CImgKernels
import Kernels
import Testing

@Suite struct Int8MatrixTests {
  /// One product's operands, bytes at random or all at their extreme.
  struct Operands {
    let rows, columns, depth: Int
    let aIsSigned, bIsSigned: Bool
    var a: [UInt8]
    var b: [UInt8]
    var aZeros: [Int32]
    var bZeros: [Int32]

    init(_ rows: Int, _ columns: Int, _ depth: Int, _ aIsSigned: Bool, _ bIsSigned: Bool) {
      (self.rows, self.columns, self.depth) = (rows, columns, depth)
      (self.aIsSigned, self.bIsSigned) = (aIsSigned, bIsSigned)
      a = PlanesTests.bytes(rows * depth, seed: UInt64(rows + depth))
      b = PlanesTests.bytes(columns * depth, seed: UInt64(columns + depth))
      var numbers = NumberSamples(seed: 6)
      func zero(_ isSigned: Bool) -> Int32 { Int32(numbers.next() % 256) - (isSigned ? 128 : 0) }
      aZeros = [zero(aIsSigned)]
      bZeros = (0..<columns).map { _ in zero(bIsSigned) }
    }

    func reference(_ epilogue: imgk_int8_epilogue, _ c: UnsafeMutableRawPointer) {
      var source = imgk_int8_source()
      (source.side, source.is_signed) = (IMGK_INT8_RIGHT, bIsSigned ? 1 : 0)
      (source.lanes, source.depth) = (columns, depth)
      (source.lane_stride, source.depth_stride) = (1, columns)
      var product = imgk_int8_product()
      (product.m, product.a_is_signed, product.a_row) = (rows, aIsSigned ? 1 : 0, depth)
      (product.c, product.c_row, product.epilogue) = (c, columns, epilogue)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          aZeros.withUnsafeBufferPointer { aZeros in
            bZeros.withUnsafeBufferPointer { bZeros in
              source.data = UnsafeRawPointer(b.baseAddress)
              (source.zeros, source.zero_count) = (bZeros.baseAddress, bZeros.count)
              product.a = UnsafeRawPointer(a.baseAddress)
              (product.a_zeros, product.a_zero_count) = (aZeros.baseAddress, aZeros.count)
              imgk_int8_product_ref(&product, &source)
            }
          }
        }
      }
    }

    func matrix() throws -> Int8Matrix {
      try Int8Matrix(
        packing: b, isSigned: bIsSigned, depth: depth, columns: columns, depthStride: columns,
        columnStride: 1, zeroPoints: bZeros)
    }

    func expectExact() throws {
      var expected = [Int64](repeating: 1, count: rows * columns)
      var epilogue = imgk_int8_epilogue()
      epilogue.result = IMGK_INT8_TO_S64
      reference(epilogue, &expected)
      let matrix = try matrix()
      for isa in InstructionSet.supported {
        isa.forced {
          var found = [Int64](repeating: 2, count: rows * columns)
          matrix.multiply(
            a, isSigned: aIsSigned, rows: rows, zeroPoints: aZeros, into: &found,
            epilogue: Int8Epilogue(result: .int64))
          #expect(found == expected, "\(isa): \(rows) × \(depth) × \(columns)")
        }
      }
    }
  }

  @Test(
    "sums are exact on every instruction set, for every pair of types",
    arguments: [(false, false), (false, true), (true, false), (true, true)])
  func exact(aIsSigned: Bool, bIsSigned: Bool) throws {
    for (rows, columns) in [(1, 1), (7, 15), (8, 16), (9, 47), (3, 49), (100, 33)] {
      for depth in [0, 1, 2, 3, 4, 5, 31, 63, 127] {
        try Operands(rows, columns, depth, aIsSigned, bIsSigned).expectExact()
      }
    }
  }

  @Test(
    "value 193: int16 pairs do not saturate: extreme bytes of like sign", arguments: [4, 64, 1023])
  func extremes(depth: Int) throws {
    for (aIsSigned, bIsSigned) in [(false, true), (true, true), (false, false)] {
      var operands = Operands(9, 17, depth, aIsSigned, bIsSigned)
      operands.a = operands.a.map { _ in aIsSigned ? 0x80 : 0xFF }
      operands.b = operands.b.map { _ in bIsSigned ? 0x80 : 0xFF }
      operands.aZeros = [aIsSigned ? 127 : 0]
      operands.bZeros = operands.bZeros.map { _ in bIsSigned ? 127 : 0 }
      try operands.expectExact()
    }
  }

  @Test(
    "value 191: a depth above 131,071 does not overflow: 64-bit sums",
    arguments: [33_025, 33_026, 65_537, 200_000])
  func deep(depth: Int) throws {
    for (aIsSigned, bIsSigned) in [(false, true), (true, true), (false, false)] {
      var operands = Operands(2, 3, depth, aIsSigned, bIsSigned)
      operands.a = operands.a.map { _ in aIsSigned ? 0x80 : 0xFF }
      operands.b = operands.b.map { _ in bIsSigned ? 0x80 : 0xFF }
      operands.aZeros = [aIsSigned ? 127 : 0]
      operands.bZeros = [Int32](repeating: bIsSigned ? 127 : 0, count: 3)
      try operands.expectExact()
    }
  }

  @Test("the fp32 epilogue scales, adds and activates; the same bits everywhere")
  func epilogue() throws {
    let o = Operands(19, 53, 70, false, true)
    var numbers = NumberSamples(seed: 4)
    let rowScales = numbers.uniform(0.1, 2, count: o.rows)
    let columnScales = numbers.uniform(0.1, 2, count: o.columns)
    let bias = numbers.uniform(-3, 3, count: o.columns)
    let residual = numbers.uniform(-3, 3, count: o.rows * o.columns)
    var sums = [Int64](repeating: 0, count: o.rows * o.columns)
    var integers = imgk_int8_epilogue()
    integers.result = IMGK_INT8_TO_S64
    o.reference(integers, &sums)
    let matrix = try o.matrix()
    for last in [false, true] {
      let results = underEveryInstructionSet {
        var found = [Float](repeating: 0, count: sums.count)
        rowScales.withUnsafeBufferPointer { rowScales in
          columnScales.withUnsafeBufferPointer { columnScales in
            bias.withUnsafeBufferPointer { bias in
              residual.withUnsafeBufferPointer { residual in
                var epilogue = Int8Epilogue(
                  scale: 1e-4, rowScales: rowScales.baseAddress,
                  columnScales: columnScales.baseAddress, columnBias: bias.baseAddress,
                  activation: .silu)
                epilogue.residual = residual.baseAddress
                epilogue.residualRowElements = o.columns
                epilogue.residualLast = last
                matrix.multiply(
                  o.a, isSigned: false, rows: o.rows, zeroPoints: o.aZeros, into: &found,
                  epilogue: epilogue)
              }
            }
          }
        }
        return found
      }
      for i in sums.indices {
        let (r, c) = (i / o.columns, i % o.columns)
        var t = Double(sums[i]) * 1e-4 * Double(rowScales[r]) * Double(columnScales[c])
        t += Double(bias[c]) + (last ? 0 : Double(residual[i]))
        t = Double(Float(t)) * Double(Self.sigmoid(Float(t))) + (last ? Double(residual[i]) : 0)
        #expect(abs(Double(results[0].values[i]) - t) <= 1e-5 * max(1, abs(t)))
      }
      for result in results { #expect(sameBits(result.values, results[0].values)) }
    }
  }

  static func sigmoid(_ x: Float) -> Float {
    var (source, result) = (x, Float(0))
    imgk_unary_ref(IMGK_UNARY_SIGMOID, &source, &result, 1, 0, 0)
    return result
  }

  @Test("requantization rounds half to even and saturates")
  func requantizes() throws {
    let b: [UInt8] = [1]
    let matrix = try Int8Matrix(
      packing: b, isSigned: false, depth: 1, columns: 1, depthStride: 1, columnStride: 1)
    let a: [UInt8] = [0, 1, 2, 3, 5, 7, 255]
    var epilogue = Int8Epilogue(result: .int8)
    epilogue.outputScale = 2
    epilogue.outputZeroPoint = 10
    var found = [Int8](repeating: 0, count: a.count)
    matrix.multiply(a, isSigned: false, rows: a.count, into: &found, epilogue: epilogue)
    #expect(found == [10, 10, 11, 12, 12, 14, 127])
    epilogue.result = .uint8
    epilogue.outputZeroPoint = 200
    var bytes = [UInt8](repeating: 0, count: a.count)
    matrix.multiply(a, isSigned: false, rows: a.count, into: &bytes, epilogue: epilogue)
    #expect(bytes == [200, 200, 201, 202, 202, 204, 255])
  }

  @Test("the number of threads does not matter")
  func threads() throws {
    let o = Operands(200, 70, 33, false, true)
    let matrix = try o.matrix()
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    let results = [1, 2, 3].map { count in
      Parallel.threadCount = count
      var found = [Float](repeating: 0, count: o.rows * o.columns)
      matrix.multiply(
        o.a, isSigned: false, rows: o.rows, into: &found,
        epilogue: Int8Epilogue(scale: 0.37, activation: .geluTanh))
      return found
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
