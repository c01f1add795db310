import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.QuantizedConv`: Conv of a dequantized activation and dequantized constant filters,
/// with integers: `QuantizedLayer` with Conv's attributes, lanes being output channels.
///
/// With the attribute `channels` the activation is a Concat along the channels of so many parts, each
/// with a scale of its own: the first are the inputs 0 to 2, further ones follow the other inputs.
/// The parts' scaled sums are added in fp32.
struct QuantizedConvOperator: PreparableOperator {
  static let opType = "QuantizedConv"
  static let domain = FusedOperators.domain

  private static let furtherInputs = 8

  private var layer: QuantizedLayer
  private let convolution: IntegerConvolution
  private let channels: [Int]
  /// The convolution of each part, its filters packed.
  private var parts: [IntegerConvolution] = []

  init(_ attributes: inout AttributeReader) throws {
    layer = try QuantizedLayer(&attributes)
    channels = try attributes.optionalInts("channels") ?? []
    convolution = try IntegerConvolution(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let x = try context.type(0, "x")
    var w = try context.type(QuantizedLayer.weightInput, "w")
    if let first = channels.first, w.rank ?? 0 > 1 { w.dimensions?[1] = .fixed(first) }
    return [try convolution.infer(x, w, dtype: layer.resultType(context))]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    var made = self
    var first = 0
    for count in channels.isEmpty ? [0] : channels {
      guard constants.count > QuantizedLayer.weightInput, count >= 0, count < .max - first,
        let weight = try QuantizedWeight(
          constants[QuantizedLayer.weightInput], lanes: 0,
          part: count > 0 ? (1, first..<first + count) : nil),
        let packed = try convolution.packing(weight.operand)
      else {
        throw OperatorError.unsupported("weights that are not constant integers")
      }
      made.parts.append(packed)
      made.layer.weightScales = weight.scales
      first += count
    }
    return (made, [QuantizedLayer.weightInput])
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [
      try layer.weightScales.withUnsafeBufferPointer { scales in
        guard let base = scales.baseAddress else {
          throw OperatorError.unsupported("weights that are not constant integers")
        }
        var sum: Tensor?
        for index in parts.indices { sum = try run(part: index, onto: sum, context, base) }
        withExtendedLifetime(sum) {}
        return sum
      }
    ]
  }

  /// The sums of part `index`, scaled and added to those of the parts before; for the last part
  /// through the whole epilogue.
  private func run(
    part index: Int, onto sum: Tensor?, _ context: ExecutionContext,
    _ scales: UnsafePointer<Float>
  ) throws -> Tensor {
    let firstInput = index == 0 ? 0 : Self.furtherInputs + 3 * (index - 1)
    let isLast = index == parts.count - 1
    let x = try layer.activation(context, firstInput: firstInput)
    return try parts[index].runPacked(
      x, context, result: isLast ? layer.resultType(context) : .float32
    ) { shape in
      let lanes = QuantizedLayer.Lanes(
        count: shape[1], areRows: true, rowElements: shape.elementCount(of: 2..<shape.rank))
      var epilogue = try layer.scale(context, lanes, firstInput: firstInput, scales: scales)
      if let sum {
        epilogue.residual = sum.pointer()
        epilogue.residualRowElements = lanes.rowElements
      } else {
        try layer.addTerms(&epilogue, context, shape, lanes)
      }
      if isLast { try layer.finish(&epilogue, context) }
      return epilogue
    }
  }
}
