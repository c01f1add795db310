import CImgKernels
import Kernels
import Tensors
import Testing

/// Products with operands kept in a smaller type give the bits that the fp32 numbers they stand for
/// give, on every instruction set.
@Suite struct StoredMatrixTests {
  static let types: [StoredElements.ElementType] = [
    .uint8, .int8, .uint4, .int4, .float16, .bfloat16,
  ]

  /// `lanes` × `depth` elements, lane by lane, with a scale and a zero point for each run of `group` depths of a lane.
  struct Weights {
    let type: StoredElements.ElementType
    let lanes, depth, group: Int
    var bytes: [UInt8] = []
    var halves: [UInt16] = []
    var scales: [Float]
    var zeros: [Int32] = []

    init(_ type: StoredElements.ElementType, lanes: Int, depth: Int, group: Int) {
      (self.type, self.lanes, self.depth, self.group) = (type, lanes, depth, group)
      var numbers = NumberSamples(seed: UInt64(lanes * 7 + depth))
      let blocks = (depth + group - 1) / group
      scales = numbers.uniform(0.001, 2, count: lanes * blocks)
      for _ in 0..<lanes * blocks { zeros.append(integer(&numbers)) }
      for _ in 0..<lanes * depth {
        switch type {
        // Exponents below the greatest: neither NaN nor infinities.
        case .float16: halves.append(UInt16(numbers.next() & 0x8FFF) | 0x2000)
        case .bfloat16: halves.append(UInt16(numbers.next() & 0x80FF) | 0x3F00)
        default: bytes.append(UInt8(truncatingIfNeeded: integer(&numbers)))
        }
      }
    }

    private func integer(_ numbers: inout NumberSamples) -> Int32 {
      let bits = Int32(numbers.next() & 0xFF)
      switch type {
      case .uint8: return bits
      case .int8: return bits - 128
      case .uint4: return bits & 15
      default: return (bits & 15) - 8
      }
    }

    private var blocks: Int { (depth + group - 1) / group }

    /// The number that element (lane, d) stands for.
    func real(_ lane: Int, _ d: Int) -> Float {
      let index = lane * depth + d
      switch type {
      case .float16: return Float(Float16(bitPattern: halves[index]))
      case .bfloat16: return Float(bitPattern: UInt32(halves[index]) << 16)
      case .uint8, .uint4: return scaled(Int32(bytes[index]), lane, d)
      case .int8, .int4: return scaled(Int32(Int8(bitPattern: bytes[index])), lane, d)
      }
    }

    private func scaled(_ value: Int32, _ lane: Int, _ d: Int) -> Float {
      let place = lane * blocks + d / group
      return Float(value - zeros[place]) * scales[place]
    }

    func packed(as side: PackedMatrix.Side) throws -> PackedMatrix {
      var layout = StoredElements.ScaleLayout()
      (layout.laneStride, layout.rowStride) = (blocks, 1)
      layout.rowOfDepth = (0..<depth).map { UInt32($0 / group) }
      return try scales.withUnsafeBufferPointer { scales in
        try zeros.withUnsafeBufferPointer { zeros in
          let storage =
            halves.isEmpty ? bytes : halves.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
          return try storage.withUnsafeBytes { raw in
            let data = try #require(raw.baseAddress)
            return try PackedMatrix(
              storing: StoredElements(
                type, data, scales: scales.baseAddress, zeroPoints: zeros.baseAddress,
                scaleLayout: layout),
              as: side, lanes: lanes, depth: depth, laneStride: depth, depthStride: 1)
          }
        }
      }
    }

    var reals: [Float] {
      (0..<lanes).flatMap { lane in (0..<depth).map { real(lane, $0) } }
    }
  }

  @Test(
    "as a right and as a left operand, for panels cut short and sums over several blocks of depths",
    arguments: types,
    [(1, 1, 1, 1), (5, 32, 33, 8), (13, 300, 31, 32), (25, 520, 70, 520), (12, 64, 96, 64)])
  func products(type: StoredElements.ElementType, extents: (Int, Int, Int, Int)) throws {
    let (rows, depth, columns, group) = extents
    let weights = Weights(type, lanes: columns, depth: depth, group: group)
    let reals = try Tensor(weights.reals)
    var numbers = NumberSamples(seed: 3)
    let a = try Tensor(numbers.uniform(-1, 1, count: rows * depth))
    let right = try weights.packed(as: .right)
    let left = try weights.packed(as: .left)
    for (name, values) in underEveryInstructionSet({
      var c = [Float](repeating: .nan, count: 2 * rows * columns)
      c.withUnsafeMutableBufferPointer { c in
        guard let base = c.baseAddress else { return }
        MatrixProduct(rows: rows, depth: depth, columns: columns).run(
          .strided(a.pointer(), rowStride: depth, columnStride: 1), .packed(right), into: base)
        MatrixProduct(rows: columns, depth: depth, columns: rows).run(
          .packed(left), .strided(a.pointer(), rowStride: 1, columnStride: depth),
          into: base + rows * columns)
      }
      return c
    }) {
      var expected = [Float](repeating: .nan, count: 2 * rows * columns)
      expected.withUnsafeMutableBufferPointer { c in
        guard let base = c.baseAddress else { return }
        MatrixProduct(rows: rows, depth: depth, columns: columns).run(
          .strided(a.pointer(), rowStride: depth, columnStride: 1),
          .strided(reals.pointer(), rowStride: 1, columnStride: depth), into: base)
        MatrixProduct(rows: columns, depth: depth, columns: rows).run(
          .strided(reals.pointer(), rowStride: depth, columnStride: 1),
          .strided(a.pointer(), rowStride: 1, columnStride: depth), into: base + rows * columns)
      }
      #expect(sameBits(values, expected), "\(name)")
    }
    withExtendedLifetime((a, reals)) {}
  }

  @Test("a packed operand takes no more than its stored form, scales and padding")
  func size() throws {
    let bytes = try Weights(.int8, lanes: 96, depth: 1024, group: 1024).packed(as: .right)
    #expect(bytes.byteCount < 96 * 1024 + 96 * 8 + 1024 * 4 + 1024)
    let nibbles = try Weights(.int4, lanes: 96, depth: 1024, group: 1024).packed(as: .right)
    #expect(nibbles.byteCount < 96 * 512 + 96 * 8 + 1024 * 4 + 1024)
  }

  @Test("scale rows that are not those of the depths, and integers without scales, are refused")
  func refusals() throws {
    let data: [UInt8] = [1, 2, 3, 4]
    var layout = StoredElements.ScaleLayout()
    layout.rowOfDepth = [0]
    #expect(throws: KernelError.self) {
      _ = try PackedMatrix(
        storing: StoredElements(.int8, data, scales: [1], scaleLayout: layout), as: .right,
        lanes: 2, depth: 2, laneStride: 2, depthStride: 1)
    }
    #expect(throws: KernelError.self) {
      _ = try PackedMatrix(
        storing: StoredElements(.int8, data), as: .right, lanes: 2, depth: 2, laneStride: 2,
        depthStride: 1)
    }
  }
}
