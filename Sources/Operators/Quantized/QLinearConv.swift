import Kernels
import ModelGraph
import Tensors

/// `QLinearConv` (ai.onnx 10): the convolution of quantized 8-bit tensors, quantized again:
/// saturate(round((sum + B) · (x_scale · w_scale / y_scale)) + y_zero_point), halves to even.
///
/// Inputs: x, its scale and zero point; w, its own, one for all or one for each output channel; the
/// result's; the int32 bias B `[M]`. Attributes as Conv has them.
struct QLinearConvOperator: PreparableOperator {
  static let opType = "QLinearConv"

  private var convolution: IntegerConvolution

  init(_ attributes: inout AttributeReader) throws {
    convolution = try IntegerConvolution(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [
      try convolution.infer(
        try context.type(0, "x"), try context.type(3, "w"),
        dtype: try context.type(7, "y_zero_point").dtype)
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let x = try IntegerOperand(context, 0, "x", zeroPoint: 2)
    let sums = try convolution.run(x, context) {
      try IntegerOperand(context, 3, "w", zeroPoint: 5)
    }
    let zero = try context.input(7, "y_zero_point")
    guard let range = IntegerRange(zero.dtype), let shift = zero.doubles.first else {
      throw OperatorError.inputType(index: 7, expected: "int8 or uint8", found: zero.dtype)
    }
    let factors = try factors(context, maps: sums.shape[1])
    let bias = try bias(context, maps: sums.shape[1])
    let output = try context.allocate(zero.dtype, sums.shape)
    let split = AxisSplit(sums.shape, axis: 1)
    let source = sums.pointer(as: Int32.self)
    Parallel.forEachIndex(count: split.outer * split.extent) { plane in
      let map = plane % split.extent
      for index in (plane * split.inner)..<((plane + 1) * split.inner) {
        let sum = source[index] &+ (bias?[map] ?? 0)
        range.store(Float(sum) * factors[map], Float(shift), index, output)
      }
    }
    withExtendedLifetime(sums) {}
    return [output]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let packed = try convolution.packing(constants, 3, zeroPoint: 5) else { return nil }
    var made = self
    made.convolution = packed
    return (made, [3])
  }

  /// x_scale · w_scale / y_scale for each output channel.
  private func factors(_ context: ExecutionContext, maps: Int) throws -> [Float] {
    let scales = try [(1, "x_scale"), (4, "w_scale"), (6, "y_scale")].map { index, name in
      try context.input(index, name).doubles.map { Float($0) }
    }
    guard scales[0].count == 1, scales[2].count == 1, [1, maps].contains(scales[1].count) else {
      throw OperatorError.mismatch(
        expected: "one scale, for w one or \(maps)", found: "\(scales.map(\.count))")
    }
    return (0..<maps).map { map in
      let weight = scales[1].count == 1 ? scales[1][0] : scales[1][map]
      return scales[0][0] * weight / scales[2][0]
    }
  }

  private func bias(_ context: ExecutionContext, maps: Int) throws -> [Int32]? {
    guard context.has(8) else { return nil }
    let bias = try context.input(8, "B", .int32, [maps])
    return bias.array(of: Int32.self)
  }
}
