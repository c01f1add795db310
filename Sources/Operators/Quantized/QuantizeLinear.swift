import Kernels
import ModelGraph
import Tensors

/// `QuantizeLinear` (ai.onnx 28): saturate(round(x / scale) + zero point), halves to even, with one
/// scale for the tensor, one for each index along `axis` (1), or one for each block of `block_size`
/// elements along it.
///
/// x: Float, fp16, bf16, int32. The quotient is rounded to the scale's type, or to `precision`. The
/// result has the zero point's type, or `output_dtype`, or uint8: integers of 2 to 16 bits, fp8
/// (`saturate`, 1), fp6, fp4. NaN gives the zero point.
struct QuantizeLinearOperator: Operator {
  static let opType = "QuantizeLinear"

  let axis: Int
  let blockSize: Int
  private let saturates: Bool
  private let outputType: DType?
  private let precision: DType?

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 1)
    blockSize = try attributes.int("block_size", default: 0)
    saturates = try attributes.flag("saturate", default: true)
    outputType = try attributes.typeOrUndefined("output_dtype")
    precision = try attributes.typeOrUndefined("precision")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let stored =
      context.has(2) ? try context.type(2, "y_zero_point").dtype : outputType ?? .uint8
    return [try context.type(0, "x").with(stored)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let (x, scale) = (try context.input(0, "x"), try context.input(1, "y_scale"))
    let zeroPoint = context.optionalInput(2)
    let dtype = try resultType(scale, zeroPoint)
    let layout = try QuantizationLayout(
      data: x.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
    if x.dtype == .float32, (precision ?? .float32) == .float32, dtype != .int32 {
      let output = try context.allocate(dtype, x.shape)
      let done = try layout.withKernel(dtype, scale: scale, zeroPoint: zeroPoint) {
        $0.quantize(x.pointer(), output.mutablePointer(as: UInt8.self))
      }
      if done { return [output] }
    }
    let (data, scales) = (try x.converted(to: .float32), try scale.converted(to: .float32))
    let zeros = try zeroPoint.map { try $0.converted(to: .float32) }
    let output = try context.allocate(dtype, x.shape)
    let quotient = Quotient(precision ?? scale.dtype)
    if let range = IntegerRange(dtype) {
      layout.quantize(data, scales, zeros, quotient) { real, zero, index in
        range.store(real, zero, index, output)
      }
    } else {
      let reals = try context.allocate(.float32, x.shape)
      let target = reals.mutablePointer(as: Float.self)
      layout.quantize(data, scales, zeros, quotient) { real, zero, index in
        target[index] = real + zero
      }
      reals.convert(into: output, ConversionRules(saturate: saturates))
    }
    return [output]
  }

  private func resultType(_ scale: Tensor, _ zeroPoint: Tensor?) throws -> DType {
    let dtype = zeroPoint?.dtype ?? outputType ?? .uint8
    if let zeroPoint {
      guard outputType == nil || outputType == dtype else {
        throw OperatorError.mismatch(
          expected: "a zero point of the type output_dtype", found: dtype.name)
      }
      guard zeroPoint.elementCount == scale.elementCount else {
        throw OperatorError.inputShape(
          index: 2, expected: "\(scale.shape)", found: zeroPoint.shape)
      }
    }
    guard IntegerRange(dtype) != nil || SmallFloatFormat(dtype) != nil else {
      throw OperatorError.inputType(
        index: 2, expected: "integers of 2 to 16 bits or floats of 4 to 8", found: dtype)
    }
    return dtype
  }
}

/// A division rounded to a type's precision.
private struct Quotient {
  private let dtype: DType

  init(_ dtype: DType) { self.dtype = dtype }

  @inline(__always)
  func callAsFunction(_ a: Float, _ b: Float) -> Float {
    switch dtype {
    case .float16: Float(Float16(a / b))
    case .bfloat16: BFloat16.decode(BFloat16.encode(a / b))
    default: a / b
    }
  }
}

extension QuantizationLayout {
  /// Calls `store` with x / scale, the zero point and the position of every element.
  fileprivate func quantize(
    _ data: Tensor, _ scale: Tensor, _ zeroPoint: Tensor?, _ quotient: Quotient,
    _ store: (_ real: Float, _ zero: Float, _ index: Int) -> Void
  ) {
    let (values, scales) = (data.pointer(as: Float.self), scale.pointer(as: Float.self))
    let zeros = zeroPoint.map { $0.pointer(as: Float.self) }
    forEachRun { element, scale, scaleMoves, count in
      for index in 0..<count {
        let place = scaleMoves ? scale + index : scale
        store(quotient(values[element + index], scales[place]), zeros?[place] ?? 0, element + index)
      }
    }
    withExtendedLifetime((data, scale, zeroPoint)) {}
  }
}

/// The integers that a quantized type holds.
struct IntegerRange: Sendable {
  private let lowest: Float
  private let highest: Float
  private let isWide: Bool

  /// The range of an integer type of 2 to 16 bits; nil for other types.
  init?(_ dtype: DType) {
    guard dtype.isInteger, dtype.bitWidth <= 16 else { return nil }
    let count = Float(1 << dtype.bitWidth)
    lowest = dtype.isSignedInteger ? -count / 2 : 0
    highest = dtype.isSignedInteger ? count / 2 - 1 : count - 1
    isWide = dtype.bitWidth == 16
  }

  /// Writes round(real) + zero, held to the range, as element `index`; a NaN as `zero`.
  @inline(__always)
  func store(_ real: Float, _ zero: Float, _ index: Int, _ target: Tensor) {
    let shifted = real.isNaN ? zero : real.rounded(.toNearestOrEven) + zero
    let held = Int32(min(max(shifted, lowest), highest))
    if isWide {
      target.mutablePointer(as: UInt16.self)[index] = UInt16(truncatingIfNeeded: held)
    } else {
      target.mutablePointer(as: UInt8.self)[index] = UInt8(truncatingIfNeeded: held)
    }
  }
}
