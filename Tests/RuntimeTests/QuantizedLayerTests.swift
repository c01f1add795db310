import ModelGraph
import Operators
import Runtime
import Tensors
import Testing

/// Integer layers against the stored graph, whose products are of fp32.
@Suite("Layers between quantized operands")
struct QuantizedLayerTests {
  /// The rounding of fp32 sums; results that are quantized again may differ by a step.
  private static let roundingLimit = 2e-5

  private func bytes(_ dtype: DType, _ shape: Shape, seed: Int) throws -> Tensor {
    let (low, count) =
      switch dtype {
      case .int8: (-128, 256)
      case .uint8: (0, 256)
      case .int4: (-8, 16)
      default: (0, 16)
      }
    return try Tensor(
      (0..<shape.elementCount).map {
        Float(low + ($0 * 7919 + seed * 104729 + $0 / 13) % count)
      }, shape
    ).converted(to: dtype)
  }

  private enum Form: CaseIterable {
    case uint8, int8, dynamic
  }

  /// The quantized and dequantized form of `x`.
  private func quantized(
    _ x: String, _ form: Form, scale: Float = 1 / 127, _ b: inout GraphBuilder
  ) throws -> String {
    if form == .dynamic {
      let parts = b.add("DynamicQuantizeLinear", [x], outputCount: 3)
      return b.add("DequantizeLinear", parts)
    }
    let zero =
      form == .int8
      ? try Tensor([Float(3)], .scalar).converted(to: .int8)
      : try Tensor([Float(125)], .scalar).converted(to: .uint8)
    let parameters = [try b.number(scale), b.constant(zero)]
    let q = b.add("QuantizeLinear", [x] + parameters)
    return b.add("DequantizeLinear", [q] + parameters)
  }

  /// A weight `[shape]` dequantized with a scale for each place of `axis`, or one for all.
  private func weight(
    _ dtype: DType, _ shape: Shape, axis: Int?, hasZeros: Bool, _ b: inout GraphBuilder
  ) throws -> String {
    let scales: Shape = axis.map { [shape[$0]] } ?? .scalar
    var inputs = [
      b.constant(try bytes(dtype, shape, seed: 3)),
      b.constant(
        try Tensor((0..<scales.elementCount).map { 0.001 + Float($0 % 5) / 900 }, scales)),
    ]
    if hasZeros { inputs.append(b.constant(try bytes(dtype, scales, seed: 8))) }
    return b.add("DequantizeLinear", inputs, axis.map { ["axis": .int(Int64($0))] } ?? [:])
  }

  private func expectIntegers(
    _ graph: Graph, _ inputs: [String: Tensor], _ layer: String, count: Int = 1,
    limit: Double = QuantizedLayerTests.roundingLimit, without others: [String] = [],
    _ comment: String
  ) throws {
    let run = try FusedAndUnfused(graph, inputs: inputs)
    let layers = run.operators.filter { $0 == "\(FusedOperators.domain).\(layer)" }
    #expect(layers.count == count, "\(comment): \(run.operators)")
    for other in others { #expect(!run.operators.contains(other), "\(comment): \(other)") }
    #expect(run.relativeError <= limit, "\(comment)")
  }

  @Test(
    "Conv: activations uint8, int8 and dynamic; weights per tensor and channel; strides and groups",
    arguments: [DType.int8, .uint8, .int4, .uint4])
  func convolutions(dtype: DType) throws {
    for form in Form.allCases {
      for (axis, groups) in [(0, 1), (nil, 1), (0, 2)] as [(Int?, Int)] {
        var b = GraphBuilder(name: "conv")
        b.input("x", .float32, [.symbol("n"), .fixed(6), .fixed(9), .fixed(11)])
        let w = try weight(
          dtype, [4, 6 / groups, 3, 3], axis: axis, hasZeros: axis == nil, &b)
        let bias = b.constant(try noise([4], seed: 5))
        let x = try quantized("x", form, &b)
        let y = b.add(
          "Conv", [x, w, bias],
          [
            "group": .int(Int64(groups)), "pads": .ints([1, 0, 1, 2]), "strides": .ints([2, 1]),
          ])
        try expectIntegers(
          b.finished(y), ["x": noise([2, 6, 9, 11])], "QuantizedConv",
          without: ["Conv"], "\(dtype) \(form) \(groups)")
      }
    }
  }

  @Test("MatMul, MatMul of a Transpose and Gemm, with biases and activations after them")
  func matrices() throws {
    for form in Form.allCases {
      for layer in ["MatMul", "Transpose", "Gemm"] {
        var b = GraphBuilder(name: layer)
        b.input(
          "x", .float32, [.symbol("n"), .fixed(5), .fixed(24)].suffix(layer == "Gemm" ? 2 : 3))
        let x = try quantized("x", form, &b)
        let isTransposed = layer != "MatMul"
        let w = try weight(
          .int8, isTransposed ? [33, 24] : [24, 33], axis: isTransposed ? 0 : 1, hasZeros: true, &b)
        let bias = b.constant(try noise([33], seed: 4))
        let product: String
        switch layer {
        case "Gemm": product = b.add("Gemm", [x, w, bias], ["transB": .int(1)])
        case "Transpose":
          let turned = b.add("Transpose", [w], ["perm": .ints([1, 0])])
          product = b.add("Add", [b.add("MatMul", [x, turned]), bias])
        default: product = b.add("Add", [bias, b.add("MatMul", [x, w])])
        }
        let y = b.add("Relu", [product])
        let shape: Shape = layer == "Gemm" ? [5, 24] : [2, 5, 24]
        try expectIntegers(
          b.finished(y), ["x": noise(shape)], "QuantizedMatMul",
          without: ["MatMul", "Gemm", "Add", "Relu"], "\(layer) \(form)")
      }
    }
  }

  @Test("a residual and an activation are taken in; so is the quantization of the next layer")
  func epilogues() throws {
    for form in [Form.uint8, .int8] {
      var b = GraphBuilder(name: "chain")
      b.input("x", .float32, [.fixed(1), .fixed(8), .fixed(7), .fixed(6)])
      let x = try quantized("x", form, &b)
      let first = b.add(
        "Conv", [x, try weight(.int8, [8, 8, 3, 3], axis: 0, hasZeros: false, &b)],
        ["pads": .ints([1, 1, 1, 1])])
      let sum = b.add("Relu", [b.add("Add", [first, "x"])])
      let middle = try quantized(sum, form, scale: 0.02, &b)
      let y = b.add(
        "Conv", [middle, try weight(.int8, [5, 8, 1, 1], axis: 0, hasZeros: false, &b)])
      // A value at the middle of a step may be rounded either way.
      try expectIntegers(
        b.finished(y), ["x": noise([1, 8, 7, 6])], "QuantizedConv", count: 2, limit: 0.01,
        without: ["Conv", "Add", "Relu", "DequantizeLinear"], "\(form)")
    }
  }

  @Test("a Conv of a Concat whose parts have scales of their own")
  func concatenation() throws {
    for form in Form.allCases {
      var b = GraphBuilder(name: "concat")
      b.input("x", .float32, [.symbol("n"), .fixed(3), .fixed(5), .fixed(5)])
      b.input("z", .float32, [.symbol("n"), .fixed(6), .fixed(5), .fixed(5)])
      let parts = [
        try quantized("x", form, scale: 1 / 127, &b), try quantized("z", form, scale: 1 / 60, &b),
      ]
      let joined = b.add("Concat", parts, ["axis": .int(1)])
      let w = try weight(.int8, [4, 9, 3, 3], axis: 0, hasZeros: true, &b)
      let y = b.add(
        "Conv", [joined, w, b.constant(try noise([4]))], ["pads": .ints([1, 1, 1, 1])])
      let result = b.add("Sigmoid", [y])
      try expectIntegers(
        b.finished(result),
        ["x": noise([2, 3, 5, 5]), "z": noise([2, 6, 5, 5], seed: 7)], "QuantizedConv",
        without: ["Conv", "Concat", "Sigmoid"], "\(form)")
    }
  }

  @Test("what quantize_dynamic of ONNX Runtime writes")
  func dynamicIntegers() throws {
    for isConv in [false, true] {
      var b = GraphBuilder(name: "integers")
      let shape: Shape = isConv ? [2, 3, 6, 5] : [2, 4, 16]
      b.input("x", .float32, shape.dimensions.map(Dimension.fixed))
      let x = b.add("DynamicQuantizeLinear", ["x"], outputCount: 3)
      let lanes = isConv ? 4 : 9
      let w = b.constant(
        try bytes(.uint8, isConv ? [4, 3, 3, 3] : [16, 9], seed: 2))
      let scales: Shape = isConv ? [] : [lanes]
      let scale = b.constant(
        try Tensor((0..<scales.elementCount).map { 0.01 + Float($0) / 500 }, scales))
      let zero = b.constant(try bytes(.uint8, scales, seed: 4))
      let sums = b.add(isConv ? "ConvInteger" : "MatMulInteger", [x[0], w, x[2], zero])
      let reals = b.add("Cast", [sums], ["to": .int(1)])
      let product = b.add("Mul", [reals, b.add("Mul", [x[1], scale])])
      let bias = b.constant(try noise(isConv ? [1, 4, 1, 1] : [9]))
      let result = b.add("Add", [product, bias])
      try expectIntegers(
        b.finished(result), ["x": noise(shape)],
        isConv ? "QuantizedConv" : "QuantizedMatMul",
        without: ["Cast", "Mul", "Add", "ConvInteger", "MatMulInteger"], "\(isConv)")
    }
  }

  @Test("weights in groups, or scales along another axis, stay products of fp32")
  func otherForms() throws {
    var b = GraphBuilder(name: "groups")
    b.input("x", .float32, [.fixed(5), .fixed(16)])
    let x = try quantized("x", .uint8, &b)
    let scale = b.constant(try noise([2, 6], seed: 9))
    let grouped = b.add(
      "DequantizeLinear", [b.constant(try bytes(.int8, [16, 6], seed: 1)), scale],
      ["axis": .int(0), "block_size": .int(8)])
    let y = b.add("MatMul", [x, grouped])
    try expectIntegers(
      b.finished(y), ["x": noise([5, 16])], "QuantizedMatMul", count: 0, "groups")
  }

  @Test("layers of one value share its quantization")
  func sharing() throws {
    var b = GraphBuilder(name: "shared")
    b.input("x", .float32, [.fixed(5), .fixed(16)])
    var sums: [String] = []
    for _ in 0..<3 {
      let x = try quantized("x", .dynamic, &b)
      let w = try weight(.int8, [16, 6], axis: 1, hasZeros: false, &b)
      sums.append(b.add("MatMul", [x, w]))
    }
    let joined = b.add("Concat", sums, ["axis": .int(1)])
    let run = try FusedAndUnfused(b.finished(joined), inputs: ["x": noise([5, 16])])
    #expect(run.operators.filter { $0 == "DynamicQuantizeLinear" }.count == 1)
    #expect(run.relativeError <= Self.roundingLimit)
  }
}
