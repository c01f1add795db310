import CImgKernels
import Kernels
import Testing

@Suite struct MatrixProductTests {
  /// Products whose operands are stored row by row or, transposed, column by column.
  struct Operands {
    let product: MatrixProduct
    let transposesA, transposesB: Bool
    var a, b: [Float]

    init(
      _ rows: Int, _ depth: Int, _ columns: Int, count: Int = 1, transposesA: Bool = false,
      transposesB: Bool = false
    ) {
      product = MatrixProduct(rows: rows, depth: depth, columns: columns, count: count)
      (self.transposesA, self.transposesB) = (transposesA, transposesB)
      var numbers = NumberSamples(seed: UInt64(rows + 3 * depth + 5 * columns))
      a = numbers.uniform(-1, 1, count: count * rows * depth)
      b = numbers.uniform(-1, 1, count: count * depth * columns)
    }

    private var strides: (aRow: Int, aColumn: Int, bRow: Int, bColumn: Int) {
      let p = product
      return (
        transposesA ? 1 : p.depth, transposesA ? p.rows : 1, transposesB ? 1 : p.columns,
        transposesB ? p.depth : 1
      )
    }

    /// The results by plain loops.
    func reference(_ epilogue: ProductEpilogue = ProductEpilogue()) -> [Float] {
      let p = product
      var c = [Float](repeating: .nan, count: p.count * p.rows * p.columns)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          c.withUnsafeMutableBufferPointer { c in
            var gemm = imgk_gemm()
            (gemm.batch, gemm.m, gemm.n, gemm.k) = (p.count, p.rows, p.columns, p.depth)
            (gemm.a, gemm.b, gemm.c) = (a.baseAddress, b.baseAddress, c.baseAddress)
            (gemm.a_row, gemm.a_column) = (strides.aRow, strides.aColumn)
            (gemm.b_row, gemm.b_column) = (strides.bRow, strides.bColumn)
            (gemm.a_matrix, gemm.b_matrix) = (p.rows * p.depth, p.depth * p.columns)
            (gemm.c_matrix, gemm.c_row) = (p.rows * p.columns, p.columns)
            gemm.epilogue = epilogue.code(columns: p.columns)
            gemm.residual_matrix = p.rows * p.columns
            imgk_gemm_ref(&gemm)
          }
        }
      }
      return c
    }

    /// The kernels' results, from operands packed before or not.
    func run(
      packsA: Bool, packsB: Bool, _ epilogue: ProductEpilogue = ProductEpilogue()
    ) throws -> [Float] {
      let p = product
      var c = [Float](repeating: .nan, count: p.count * p.rows * p.columns)
      let left = try PackedMatrix(
        packing: a, as: .left, lanes: p.rows, depth: p.depth, laneStride: strides.aRow,
        depthStride: strides.aColumn, count: p.count, matrixStride: p.rows * p.depth)
      let right = try PackedMatrix(
        packing: b, as: .right, lanes: p.columns, depth: p.depth, laneStride: strides.bColumn,
        depthStride: strides.bRow, count: p.count, matrixStride: p.depth * p.columns)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          c.withUnsafeMutableBufferPointer { c in
            guard let x = a.baseAddress, let y = b.baseAddress, let z = c.baseAddress else {
              return
            }
            p.run(
              packsA
                ? .packed(left)
                : .strided(
                  x, rowStride: strides.aRow, columnStride: strides.aColumn,
                  matrixStride: p.rows * p.depth),
              packsB
                ? .packed(right)
                : .strided(
                  y, rowStride: strides.bRow, columnStride: strides.bColumn,
                  matrixStride: p.depth * p.columns),
              into: z, epilogue: epilogue)
          }
        }
      }
      return c
    }

    func expectSameBits(_ epilogue: ProductEpilogue = ProductEpilogue()) throws {
      let expected = reference(epilogue)
      for isa in InstructionSet.supported {
        for (packsA, packsB) in [(false, false), (true, false), (false, true), (true, true)] {
          let found = try isa.forced { try run(packsA: packsA, packsB: packsB, epilogue) }
          #expect(
            sameBits(found, expected),
            "\(isa): \(product), packed: \(packsA), \(packsB)")
        }
      }
    }
  }

  @Test("every instruction set gives the reference's bits, whatever the tails and the layout")
  func tails() throws {
    for (rows, columns) in [(1, 1), (5, 15), (6, 16), (7, 33), (12, 32), (13, 47), (25, 65)] {
      for depth in [0, 1, 3, 4, 255, 257] {
        for (a, b) in [(false, false), (true, false), (false, true), (true, true)] {
          try Operands(rows, depth, columns, count: 2, transposesA: a, transposesB: b)
            .expectSameBits()
        }
      }
    }
  }

  @Test("the epilogue scales, adds biases and the residual before or after the activation")
  func epilogue() throws {
    let operands = Operands(13, 20, 35, count: 2)
    var numbers = NumberSamples(seed: 8)
    let rowBias = numbers.uniform(-1, 1, count: 13)
    let columnBias = numbers.uniform(-1, 1, count: 35)
    let residual = numbers.uniform(-1, 1, count: 2 * 13 * 35)
    try rowBias.withUnsafeBufferPointer { rowBias in
      try columnBias.withUnsafeBufferPointer { columnBias in
        try residual.withUnsafeBufferPointer { residual in
          var epilogue = ProductEpilogue(
            scale: 0.75, rowBias: rowBias.baseAddress, columnBias: columnBias.baseAddress,
            residual: residual.baseAddress, activation: .silu)
          for isLast in [false, true] {
            epilogue.residualLast = isLast
            try operands.expectSameBits(epilogue)
            let (p, found) = (operands.product, operands.reference(epilogue))
            let plain = operands.reference()
            for index in found.indices {
              let (row, column) = (index / p.columns % p.rows, index % p.columns)
              let sum = 0.75 * plain[index] + rowBias[row] + columnBias[column]
              var expected = isLast ? sum : sum + residual[index]
              VectorMath.apply(.silu, [expected], &expected, count: 1)
              if isLast { expected += residual[index] }
              #expect(found[index] == expected)
            }
          }
        }
      }
    }
  }

  @Test("products cut into many blocks give the same bits for every thread count")
  func blocks() throws {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    for (rows, depth, columns) in [(800, 30, 50), (30, 300, 600), (400, 40, 400)] {
      let operands = Operands(rows, depth, columns)
      let expected = operands.reference()
      for threads in [1, 2, 5] {
        Parallel.threadCount = threads
        for (packsA, packsB) in [(false, false), (true, false), (false, true), (true, true)] {
          #expect(sameBits(try operands.run(packsA: packsA, packsB: packsB), expected))
        }
      }
    }
  }

  @Test("sums go on from what the result holds, and rows may lie apart")
  func accumulation() throws {
    let operands = Operands(14, 300, 37)
    let expected = operands.reference().map { 2 * $0 }
    var found = [Float](repeating: 0, count: 14 * 40)
    for _ in 0..<2 {
      operands.a.withUnsafeBufferPointer { a in
        operands.b.withUnsafeBufferPointer { b in
          found.withUnsafeMutableBufferPointer { c in
            guard let x = a.baseAddress, let y = b.baseAddress, let z = c.baseAddress else {
              return
            }
            operands.product.run(
              .strided(x, rowStride: 300, columnStride: 1),
              .strided(y, rowStride: 37, columnStride: 1), into: z, rowStride: 40,
              accumulates: true)
          }
        }
      }
    }
    // Each of 600 steps rounds by at most half a unit of the last place of a sum below 32.
    let tolerance: Float = 600 * 32 * 0x1p-24
    for (index, value) in found.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: 40)
      #expect(abs(value - (column < 37 ? expected[row * 37 + column] : 0)) <= tolerance)
    }
  }

  @Test("packing more than memory can hold is refused")
  func refusal() {
    let one: [Float] = [1]
    #expect(throws: KernelError.self) {
      _ = try PackedMatrix(
        packing: one, as: .left, lanes: 1 << 40, depth: 1 << 40, laneStride: 0, depthStride: 0)
    }
  }
}
