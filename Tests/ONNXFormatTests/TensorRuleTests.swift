import ModelGraph
import ONNXFormat
import Tensors
import Testing

@Suite("Rules of ONNX tensors")
struct TensorRuleTests {
  /// A case whose model holds one initializer called `w`.
  static func holding(
    _ name: String, _ dtype: Int64, _ dims: [Int64], kind: ONNXError.Kind = .badInput,
    _ message: String, _ data: @escaping @Sendable (WireBuilder) -> WireBuilder = { $0 }
  ) -> RefusedCase {
    RefusedCase(name, message, kind: kind) {
      Proto.model(holding: Proto.tensor("w", dtype, dims, data))
    }
  }

  static func sparse(_ indices: [Int64], dims: [Int64], _ shape: [Int64]? = nil) -> WireBuilder {
    let count = Int64(shape?.first ?? Int64(indices.count))
    return WireBuilder()
      .message(
        1,
        Proto.tensor("w", 1, [count]) {
          $0.packedFloats(4, (0..<count).map { Float($0 + 1) })
        }
      )
      .message(
        2, Proto.tensor("", 7, shape ?? [count]) { $0.packedVarints(7, indices) }
      )
      .packedVarints(3, dims)
  }

  static func sparseCase(
    _ name: String, _ message: String, kind: ONNXError.Kind = .badInput,
    _ indices: [Int64], dims: [Int64], _ shape: [Int64]? = nil
  ) -> RefusedCase {
    RefusedCase(name, message, kind: kind) {
      Proto.model(Proto.graph(sparse: [sparse(indices, dims: dims, shape)]))
    }
  }

  static let cases: [RefusedCase] = [
    holding(
      "100 raw data too short", 1, [2], "offset 7: tensor w: raw_data: expected 8 bytes, found 4"
    ) { $0.bytes(9, [0, 0, 0, 0]) },
    holding("100 no data at all", 1, [2], "offset 7: tensor w: expected 8 bytes, found 0"),
    holding(
      "101 raw data too long", 1, [1], "offset 7: tensor w: raw_data: expected 4 bytes, found 8"
    ) { $0.bytes(9, [0, 0, 0, 0, 0, 0, 0, 0]) },
    holding(
      "102 raw data not in whole elements", 1, [1],
      "offset 7: tensor w: raw_data: expected a multiple of 4 bytes, found 3"
    ) { $0.bytes(9, [0, 0, 0]) },
    holding(
      "103 typed list too long", 1, [1],
      "offset 7: tensor w: float_data: expected 1 numbers, found 2"
    ) { $0.packedFloats(4, [1, 2]) },
    holding(
      "104 typed list too short", 1, [3],
      "offset 7: tensor w: float_data: expected 3 numbers, found 2"
    ) { $0.packedFloats(4, [1, 2]) },
    holding(
      "104 packed nibbles too short", 22, [5],
      "offset 7: tensor w: int32_data: expected 3 numbers, found 2"
    ) { $0.packedVarints(5, [1, 2]) },
    holding(
      "104 half a complex number", 14, [2],
      "offset 7: tensor w: float_data: expected 4 numbers, found 3"
    ) { $0.packedFloats(4, [1, 2, 3]) },
    holding(
      "105 two data fields", 1, [1],
      "offset 7: tensor w: expected one data field, found float_data, raw_data"
    ) {
      $0.packedFloats(4, [1]).bytes(9, [0, 0, 0, 0])
    },
    holding(
      "106 wrong data field", 1, [1],
      "offset 7: tensor w: int32_data: expected the elements in float_data or raw_data, "
        + "found int32_data"
    ) { $0.packedVarints(5, [1]) },
    holding(
      "106 64-bit integers in int32_data", 7, [1],
      "offset 7: tensor w: int32_data: expected the elements in int64_data or raw_data, "
        + "found int32_data"
    ) { $0.packedVarints(5, [1]) },
    holding(
      "107 no elements, but data", 1, [0, 3],
      "offset 7: tensor w: float_data: expected no data in a tensor without elements, "
        + "found some"
    ) { $0.packedFloats(4, [1]) },
    holding(
      "108 negative extent", 1, [-1],
      "offset 7: tensor w: dims: expected no negative extent, found -1"
    ) { $0.packedFloats(4, [1]) },
    holding(
      "109 extents that overflow", 1, [1 << 32, 1 << 32],
      "offset 7: tensor w: dims: expected a size within 64 bits, found extents "
        + "[4294967296, 4294967296]"),
    holding(
      "109 bytes that overflow", 11, [1 << 62],
      "offset 7: tensor w: dims: expected a size within 64 bits, found extents "
        + "[4611686018427387904]"),
    holding(
      "110 a zero beside extents that overflow", 1, [0, 1 << 62, 1 << 62],
      "offset 7: tensor w: dims: expected a size within 64 bits, found extents [0, "
        + "4611686018427387904, 4611686018427387904]"),
    holding(
      "65 axes", 2, [Int64](repeating: 1, count: 65), kind: .limit,
      "offset 7: tensor w: dims: limit: expected at most 64 axes, found 65"
    ) {
      $0.bytes(9, [1])
    },
    holding(
      "111 element type 0", 0, [1],
      "offset 7: tensor w: data_type: expected an element type, found 0 (undefined)"
    ) { $0.bytes(9, [0]) },
    holding(
      "112 element type 99", 99, [1],
      "offset 7: tensor w: data_type: expected an element type in 1...28, found 99"
    ) { $0.bytes(9, [0]) },
    holding(
      "112 element type below zero", -1, [1],
      "offset 7: tensor w: data_type: expected an element type in 1...28, found -1"
    ) { $0.bytes(9, [0]) },
    holding(
      "113 INT8 of 100000", 3, [1],
      "offset 7: tensor w: int32_data: element 0: expected -128...127, found 100000"
    ) { $0.packedVarints(5, [100_000]) },
    holding(
      "113 UINT8 below zero", 2, [2],
      "offset 7: tensor w: int32_data: element 1: expected 0...255, found -1"
    ) { $0.packedVarints(5, [0, -1]) },
    holding(
      "113 UINT32 beyond 32 bits", 12, [1],
      "offset 7: tensor w: uint64_data: element 0: expected 0...4294967295, found "
        + "4294967296"
    ) { $0.packedVarints(11, [1 << 32]) },
    holding(
      "113 INT32 beyond 32 bits", 6, [1],
      "offset 7: tensor w: int32_data: element 0: expected -2147483648...2147483647, found "
        + "2147483648"
    ) { $0.packedVarints(5, [1 << 31]) },
    holding(
      "114 FP16 bits beyond 65535", 10, [2],
      "offset 7: tensor w: int32_data: element 1: expected 0...65535, found 65536"
    ) { $0.packedVarints(5, [0, 65536]) },
    holding(
      "115 BOOL 7 in int32_data", 9, [1],
      "offset 7: tensor w: int32_data: element 0: expected 0...1, found 7"
    ) { $0.packedVarints(5, [7]) },
    holding(
      "116 raw BOOL 2", 9, [3], "offset 7: tensor w: raw_data: element 2: expected 0 or 1, found 2"
    ) { $0.bytes(9, [0, 1, 2]) },
    holding(
      "118 STRING in raw_data", 8, [1],
      "offset 7: tensor w: raw_data: expected the elements in string_data, found raw_data"
    ) { $0.bytes(9, [0x61]) },
    holding(
      "118 strings too few", 8, [2], "offset 7: tensor w: string_data: expected 2 numbers, found 1"
    ) { $0.text(6, "a") },
    holding(
      "a string that is not UTF-8", 8, [1],
      "offset 7: tensor w: string_data: expected UTF-8, found other bytes"
    ) { $0.bytes(6, [0xFF]) },
    holding(
      "120 a segment", 1, [1],
      "offset 7: tensor w: segment: expected a whole tensor, found a segment"
    ) {
      $0.packedFloats(4, [1]).message(3, WireBuilder().varint(1, 0).varint(2, 1))
    },
    sparseCase(
      "121 sparse indices unsorted",
      "offset 9: sparse tensor w: indices: index 1: expected ascending indices, found a "
        + "smaller or equal one", [3, 1], dims: [8]),
    sparseCase(
      "121 sparse indices twice",
      "offset 9: sparse tensor w: indices: index 1: expected ascending indices, found a "
        + "smaller or equal one", [3, 3], dims: [8]),
    sparseCase(
      "121 sparse index out of range",
      "offset 9: sparse tensor w: indices: index 1: expected an index within the extents, "
        + "found 8", [3, 8], dims: [8]),
    sparseCase(
      "121 sparse index below zero",
      "offset 9: sparse tensor w: indices: index 0: expected an index within the extents, "
        + "found -1", [-1], dims: [8]),
    sparseCase(
      "121 sparse pair out of range",
      "offset 9: sparse tensor w: indices: index 1: expected an index within the extents, "
        + "found 4", [0, 1, 1, 4], dims: [2, 4], [2, 2]),
    sparseCase(
      "121 sparse indices of another rank",
      "offset 9: sparse tensor w: indices: expected values [count] and int64 indices "
        + "[count] or [count, 3], found values [1], int64 [1, 2]", [0, 1], dims: [2, 2, 2], [1, 2]),
    sparseCase(
      "122 sparse extents that overflow",
      "offset 9: sparse tensor w: dims: expected a size within 64 bits, found extents "
        + "[1099511627776, 1099511627776]", [0], dims: [1 << 40, 1 << 40]),
    sparseCase(
      "122 a dense size beyond the limit",
      "offset 9: sparse tensor w: dims: limit: expected at most 67108864 bytes, found "
        + "4398046511104", kind: .limit, [0], dims: [1 << 40]),
  ]

  @Test("refused", arguments: cases)
  func refused(_ refused: RefusedCase) throws { try refused.check() }

  /// The initializer `w` of a model that holds only it.
  private func read(_ tensor: WireBuilder, sparse: Bool = false) throws -> (Tensor, [String]) {
    let folder = try TemporaryFolder()
    let graph = sparse ? Proto.graph(sparse: [tensor]) : Proto.graph(initializers: [tensor])
    let model = try ONNXReader.read(
      path: folder.write("model.onnx", Proto.model(graph).bytes))
    let component = try #require(model.components.first)
    let notes = model.provenance.flatMap(\.notes)
    guard case .inline(let held)? = component.graphs.first?.initializers.first?.storage else {
      return (try component.weights.tensor(0), notes)
    }
    return (held, notes)
  }

  @Test("117 padding bits that are not zero are cleared and noted")
  func padding() throws {
    let (tensor, notes) = try read(
      Proto.tensor("w", 22, [3]) { $0.bytes(9, [0x21, 0xF7]) })
    #expect(tensor.packedBytes() == [0x21, 0x07])
    #expect(notes.contains { $0.contains("tensor w: raw_data: bits after the last element") })
  }

  @Test("119 strings are kept as they are")
  func strings() throws {
    let (tensor, _) = try read(
      Proto.tensor("w", 8, [2, 2]) { $0.text(6, "").text(6, "ä\0b").text(6, "c").text(6, "d") })
    #expect(tensor.strings == ["", "ä\0b", "c", "d"])
    #expect(tensor.shape == [2, 2])
  }

  @Test("123 types of few bits and complex numbers pass through, raw and typed")
  func rareTypes() throws {
    let (nibbles, _) = try read(Proto.tensor("w", 22, [3]) { $0.packedVarints(5, [0xF1, 0x08]) })
    #expect(nibbles.dtype == .int4)
    #expect(nibbles.bitCast(to: .int8).array(of: Int8.self) == [1, -1, -8])
    let (pairs, _) = try read(Proto.tensor("w", 26, [4]) { $0.bytes(9, [0b11_10_01_00]) })
    #expect(pairs.bitCast(to: .int8).array(of: Int8.self) == [0, 1, -2, -1])
    let (six, _) = try read(Proto.tensor("w", 27, [5]) { $0.packedVarints(5, [1, 2, 3, 63, 5]) })
    #expect(six.dtype == .float6e2m3)
    #expect(six.bitCast(to: .uint8).array(of: UInt8.self) == [1, 2, 3, 63, 5])
    let (eight, _) = try read(Proto.tensor("w", 17, [2]) { $0.packedVarints(5, [0x7F, 0x80]) })
    #expect(eight.packedBytes() == [0x7F, 0x80])
    let (half, _) = try read(Proto.tensor("w", 10, [2]) { $0.packedVarints(5, [0x3C00, 0xFFFF]) })
    #expect(half.packedBytes() == [0x00, 0x3C, 0xFF, 0xFF])
    let (complex, _) = try read(Proto.tensor("w", 14, [1]) { $0.packedFloats(4, [1, -2]) })
    #expect(complex.packedBytes() == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    let (unsigned, _) = try read(Proto.tensor("w", 12, [1]) { $0.packedVarints(11, [0xFFFF_FFFF]) })
    #expect(unsigned.array(of: UInt32.self) == [.max])
  }

  @Test("a tensor without elements, and a scalar")
  func emptyAndScalar() throws {
    let (empty, _) = try read(Proto.tensor("w", 1, [0, 1 << 40]))
    #expect(empty.shape == [0, 1 << 40])
    let (scalar, _) = try read(Proto.tensor("w", 1, []) { $0.packedFloats(4, [7]) })
    #expect(scalar.shape == .scalar)
    #expect(scalar.array(of: Float.self) == [7])
  }

  @Test("sparse tensors read as dense ones, whole and by range")
  func sparseTensors() throws {
    let (flat, _) = try read(Self.sparse([1, 6], dims: [2, 4]), sparse: true)
    #expect(flat.array(of: Float.self) == [0, 1, 0, 0, 0, 0, 2, 0])
    let (pairs, _) = try read(
      Self.sparse([0, 3, 1, 0], dims: [2, 4], [2, 2]), sparse: true)
    #expect(pairs.array(of: Float.self) == [0, 0, 0, 1, 2, 0, 0, 0])
  }

  @Test("a long typed list is read by range as it is whole")
  func ranges() throws {
    let folder = try TemporaryFolder()
    let count = 200_000
    let values = (0..<count).map { Int64(($0 &* 7919) % 65_536 - 32_768) }
    let tensor = Proto.tensor("w", 5, [Int64(count)]) { $0.packedVarints(5, values) }
    let model = try ONNXReader.read(
      path: folder.write("model.onnx", Proto.model(holding: tensor).bytes))
    let weights = try #require(model.components.first?.weights)
    let whole = try weights.tensor(0)
    #expect(whole.array(of: Int16.self) == values.map(Int16.init))
    let bytes = whole.packedBytes()
    for (offset, length) in [
      (0, 1), (1, 2), (131_071, 5), (131_072 * 2 - 3, 131_080), (399_999, 1),
    ] {
      let part = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
      defer { part.deallocate() }
      try weights.read(0, at: offset, into: part)
      #expect(part.elementsEqual(bytes[offset..<(offset + length)]), "\(offset) + \(length)")
    }
  }
}
