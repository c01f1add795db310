import Kernels
import ModelGraph
import Tensors

/// What fused layers over quantized activations share: their inputs beside the weight, and what
/// follows the integer sums.
///
/// Inputs: `x` uint8 or int8, `x_scale`, `x_zero_point` (0), `w` (the real numbers that a
/// DequantizeLinear of constant integers makes), `bias` (one a lane), `addend` (of the result's
/// shape), `y_scale`, `y_zero_point`. The result is
///
///     y = activation(x_scale · w_scale · Σ (x − x_zero_point)(w − w_zero_point) + bias + addend)
///
/// in fp32, or where `y_scale` is given QuantizeLinear of that. Sums are exact; the scaled sum plus
/// the bias is rounded once, the rest as its operators round.
struct QuantizedLayer: Sendable {
  private enum Input {
    static let x = 0
    static let scale = 1
    static let zeroPoint = 2
    static let bias = 4
    static let addend = 5
    static let resultScale = 6
    static let resultZeroPoint = 7
  }

  /// The input that the weight is.
  static let weightInput = 3

  private let activation: FusedActivation
  /// The weight's scales: one, or one a lane.
  var weightScales: [Float] = []

  init(_ attributes: inout AttributeReader) throws {
    activation = try FusedActivation(&attributes)
  }

  /// The type of the result's elements.
  func resultType(_ context: InferenceContext) -> DType {
    guard context.has(Input.resultScale) else { return .float32 }
    return context.optionalType(Input.resultZeroPoint)?.dtype ?? .uint8
  }

  /// The quantized activation, or a further one (`firstInput` then being where it begins).
  func activation(
    _ context: ExecutionContext, firstInput: Int = 0
  ) throws -> IntegerOperand {
    let operand = try IntegerOperand(
      context, firstInput + Input.x, "x", zeroPoint: firstInput + Input.zeroPoint)
    guard operand.zeroPoints.count <= 1 else {
      throw OperatorError.mismatch(
        expected: "one zero point for x", found: "\(operand.zeroPoints.count)")
    }
    return operand
  }

  /// The type of the result's elements.
  func resultType(_ context: ExecutionContext) -> DType {
    guard context.has(Input.resultScale) else { return .float32 }
    return context.optionalInput(Input.resultZeroPoint)?.dtype ?? .uint8
  }

  /// Where the lanes of a result lie.
  struct Lanes {
    let count: Int
    let areRows: Bool
    /// Elements of a row of the result.
    let rowElements: Int
  }

  /// What follows the sums of a result of `shape`: scales, bias, addend, activation and
  /// quantization.
  ///
  /// The pointers in it hold as long as `context` and `scales` live.
  func epilogue(
    _ context: ExecutionContext, shape: Shape, _ lanes: Lanes, scales: UnsafePointer<Float>
  ) throws -> Int8Epilogue {
    var epilogue = try self.scale(context, lanes, scales: scales)
    try addTerms(&epilogue, context, shape, lanes)
    try finish(&epilogue, context)
    return epilogue
  }

  /// The scales alone, of the activation that begins at `firstInput`.
  func scale(
    _ context: ExecutionContext, _ lanes: Lanes, firstInput: Int = 0,
    scales: UnsafePointer<Float>
  ) throws -> Int8Epilogue {
    let xScale = try number(context, firstInput + Input.scale, "x_scale")
    var epilogue = Int8Epilogue(scale: xScale)
    if weightScales.count == 1 {
      epilogue.scale = xScale * weightScales[0]
    } else if lanes.areRows {
      epilogue.rowScales = scales
    } else {
      epilogue.columnScales = scales
    }
    return epilogue
  }

  /// Adds the bias and the addend.
  func addTerms(
    _ epilogue: inout Int8Epilogue, _ context: ExecutionContext, _ shape: Shape, _ lanes: Lanes
  ) throws {
    if let bias = try context.optionalInput(Input.bias, of: .float32) {
      guard bias.elementCount == lanes.count else {
        throw OperatorError.inputShape(
          index: Input.bias, expected: "[\(lanes.count)]", found: bias.shape)
      }
      let terms: UnsafePointer<Float> = bias.pointer()
      if lanes.areRows { epilogue.rowBias = terms } else { epilogue.columnBias = terms }
    }
    if let addend = try context.optionalInput(Input.addend, of: .float32, shape) {
      epilogue.residual = addend.pointer()
      epilogue.residualRowElements = lanes.rowElements
    }
  }

  /// Has the epilogue activate and quantize.
  func finish(_ epilogue: inout Int8Epilogue, _ context: ExecutionContext) throws {
    epilogue.activation = activation.function
    if context.has(Input.resultScale) {
      epilogue.result = resultType(context) == .int8 ? .int8 : .uint8
      epilogue.outputScale = try number(context, Input.resultScale, "y_scale")
      epilogue.outputZeroPoint = Int32(
        context.optionalInput(Input.resultZeroPoint)?.doubles.first ?? 0)
    }
  }

  private func number(_ context: ExecutionContext, _ index: Int, _ name: String) throws -> Float {
    let tensor = try context.input(index, name, .float32)
    guard tensor.elementCount == 1 else {
      throw OperatorError.inputShape(index: index, expected: "one element", found: tensor.shape)
    }
    return tensor.array(of: Float.self)[0]
  }
}
