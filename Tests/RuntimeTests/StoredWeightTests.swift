import ModelGraph
import Runtime
import Tensors
import Testing

/// Weights that a graph dequantizes or casts: kept in their small form, with the results of the same
/// graph whose weights are given as inputs, bit for bit.
@Suite("Products of stored weights")
struct StoredWeightTests {
  /// Granularities, with the axis of each for a matrix `[depth, columns]`.
  enum Scales: String, CaseIterable {
    case tensor, columns, depths, blocks, columnBlocks
  }

  private func integers(_ dtype: DType, _ shape: Shape, seed: Int) throws -> Tensor {
    let (low, count) =
      switch dtype {
      case .int8: (-128, 256)
      case .uint8: (0, 256)
      case .int4: (-8, 16)
      default: (0, 16)
      }
    let values = (0..<shape.elementCount).map { index in
      Float(low + (index * 7919 + seed * 104729 + index / 13) % count)
    }
    return try Tensor(values, shape).converted(to: dtype)
  }

  private func reals(_ shape: Shape, seed: Int) throws -> Tensor {
    try Tensor(
      (0..<shape.elementCount).map { Float(($0 * 31 + seed * 17) % 101 - 50) / 37 }, shape)
  }

  /// Runs `body`'s graph twice: with the tensors in `weights` as constants, and as inputs.
  private func expectSame(
    _ weights: [String: Tensor], x: Tensor, _ comment: String,
    _ body: (inout GraphBuilder) -> String
  ) throws {
    var results: [[Float]] = []
    for isConstant in [true, false] {
      var builder = GraphBuilder(name: "stored")
      builder.input("x", x.dtype, x.shape.dimensions.map(Dimension.fixed))
      var given = ["x": x]
      for (name, tensor) in weights.sorted(by: { $0.key < $1.key }) {
        if isConstant {
          _ = builder.weight(name, tensor.dtype, tensor.shape)
        } else {
          builder.input(name, tensor.dtype, tensor.shape.dimensions.map(Dimension.fixed))
          given[name] = tensor
        }
      }
      builder.output(body(&builder), as: "y", .float32, nil)
      let source = TensorSet(weights.map { ($0.key, $0.value) })
      let session = try Session(graph: builder.graph, weights: source)
      let y = try #require(try session.run(given)["y"])
      results.append(y.array(of: Float.self))
    }
    #expect(results[0].map(\.bitPattern) == results[1].map(\.bitPattern), "\(comment)")
    #expect(results[0].contains { $0 != 0 }, "\(comment)")
  }

  private func scaleShape(_ scales: Scales, _ shape: Shape, depthAxis: Int) -> (Shape, Int, Int) {
    let block = 8
    var blocked = shape.dimensions
    switch scales {
    case .tensor: return (.scalar, 1, 0)
    case .columns: return ([shape[1 - depthAxis]], 1 - depthAxis, 0)
    case .depths: return ([shape[depthAxis]], depthAxis, 0)
    case .blocks:
      blocked[depthAxis] = (blocked[depthAxis] + block - 1) / block
      return (Shape(blocked), depthAxis, block)
    case .columnBlocks:
      blocked[1 - depthAxis] = (blocked[1 - depthAxis] + block - 1) / block
      return (Shape(blocked), 1 - depthAxis, block)
    }
  }

  @Test(
    "MatMul, Gemm and MatMul of a Transpose, every granularity, with and without zero points",
    arguments: [DType.int8, .uint8, .int4, .uint4], Scales.allCases)
  func matrices(dtype: DType, scales: Scales) throws {
    let (rows, depth, columns) = (5, 20, 37)
    for (form, isTransposed) in [("MatMul", false), ("Gemm", true), ("Transpose", true)] {
      for isAsymmetric in [true, false] {
        let shape: Shape = isTransposed ? [columns, depth] : [depth, columns]
        let (scaleShape, axis, block) = scaleShape(
          scales, shape, depthAxis: isTransposed ? 1 : 0)
        var weights = ["w": try integers(dtype, shape, seed: 1)]
        weights["scale"] = try Tensor(
          (0..<scaleShape.elementCount).map { 0.01 + Float($0 % 7) / 50 }, scaleShape)
        if isAsymmetric { weights["zero"] = try integers(dtype, scaleShape, seed: 2) }
        try expectSame(
          weights, x: reals([rows, depth], seed: 4), "\(form) \(dtype) \(scales) \(isAsymmetric)"
        ) { builder in
          let inputs = ["w", "scale"] + (isAsymmetric ? ["zero"] : [])
          var attributes = ["axis": AttributeValue.int(Int64(axis))]
          if block > 0 { attributes["block_size"] = .int(Int64(block)) }
          let w = builder.add("DequantizeLinear", inputs, attributes)
          switch form {
          case "Gemm": return builder.add("Gemm", ["x", w], ["transB": .int(1)])
          case "Transpose":
            return builder.add(
              "MatMul", ["x", builder.add("Transpose", [w], ["perm": .ints([1, 0])])])
          default: return builder.add("MatMul", ["x", w])
          }
        }
      }
    }
  }

  @Test("fp16 and bf16 weights of MatMul, Conv and Gather", arguments: [DType.float16, .bfloat16])
  func halves(dtype: DType) throws {
    let w = try reals([16, 21], seed: 5).converted(to: dtype)
    try expectSame(["w": w], x: reals([3, 16], seed: 1), "MatMul") { builder in
      builder.add("MatMul", ["x", builder.add("Cast", ["w"], ["to": .int(1)])])
    }
    let filter = try reals([6, 4, 3, 3], seed: 6).converted(to: dtype)
    try expectSame(["w": filter], x: reals([1, 8, 7, 9], seed: 1), "Conv") { builder in
      builder.add(
        "Conv", ["x", builder.add("Cast", ["w"], ["to": .int(1)])],
        ["group": .int(2), "pads": .ints([1, 1, 1, 1])])
    }
    let indices = try Tensor([Int64(3), -1, 0, 15, 3, 7], [2, 3])
    try expectSame(["w": w], x: indices, "Gather") { builder in
      builder.add("Gather", [builder.add("Cast", ["w"], ["to": .int(1)]), "x"])
    }
  }

  @Test(
    "Conv with groups: a scale for the tensor, an output channel, or blocks of input channels",
    arguments: [DType.int8, .uint8, .int4])
  func convolutions(dtype: DType) throws {
    let shape: Shape = [6, 5, 3, 2]
    let forms: [(Shape, Int, Int)] = [
      (.scalar, 0, 0), ([6], 0, 0), ([5], 1, 0), ([6, 3, 3, 2], 1, 2), ([2, 5, 3, 2], 0, 3),
    ]
    for (scaleShape, axis, block) in forms {
      let weights = [
        "w": try integers(dtype, shape, seed: 3),
        "scale": try Tensor(
          (0..<scaleShape.elementCount).map { 0.01 + Float($0 % 7) / 50 }, scaleShape),
        "zero": try integers(dtype, scaleShape, seed: 9),
      ]
      try expectSame(weights, x: reals([2, 10, 8, 9], seed: 2), "\(dtype) \(scaleShape)") {
        builder in
        var attributes = ["axis": AttributeValue.int(Int64(axis))]
        if block > 0 { attributes["block_size"] = .int(Int64(block)) }
        let w = builder.add("DequantizeLinear", ["w", "scale", "zero"], attributes)
        return builder.add(
          "Conv", ["x", w],
          ["group": .int(2), "pads": .ints([1, 0, 1, 1]), "strides": .ints([1, 2])])
      }
    }
  }

  @Test("Gather looks rows up in a stored table, whatever its scales run along")
  func tables() throws {
    let indices = try Tensor([Int64(3), -1, 0, 8, 3, 7], [2, 1, 3])
    let forms: [(Shape, Int, Int)] = [
      (.scalar, 0, 0), ([9], 0, 0), ([10], 1, 0), ([9, 3], 1, 4), ([3, 10], 0, 4),
    ]
    for (scaleShape, axis, block) in forms {
      let weights = [
        "w": try integers(.int8, [9, 10], seed: 3),
        "scale": try Tensor(
          (0..<scaleShape.elementCount).map { 0.01 + Float($0 % 7) / 50 }, scaleShape),
        "zero": try integers(.int8, scaleShape, seed: 9),
      ]
      try expectSame(weights, x: indices, "\(scaleShape)") { builder in
        var attributes = ["axis": AttributeValue.int(Int64(axis))]
        if block > 0 { attributes["block_size"] = .int(Int64(block)) }
        return builder.add(
          "Gather", [builder.add("DequantizeLinear", ["w", "scale", "zero"], attributes), "x"])
      }
    }
  }
}
