import Kernels
import ModelGraph
import Tensors

/// `DequantizeLinear` (ai.onnx 28): (x − zero point) · scale, with one scale for the tensor, one for
/// each index along `axis` (1), or one for each block of `block_size` elements along it.
///
/// x: integers of 2 to 32 bits, fp8, fp6, fp4; the scale: Float, fp16, bf16, `float8e8m0`; the result
/// has the scale's type or `output_dtype`. Computed in Float and rounded once.
struct DequantizeLinearOperator: Operator {
  static let opType = "DequantizeLinear"

  /// The attribute `axis`.
  private(set) var axis: Int
  /// The attribute `block_size`; 0 without blocks.
  let blockSize: Int
  private let outputType: DType?

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 1)
    blockSize = try attributes.int("block_size", default: 0)
    outputType = try attributes.typeOrUndefined("output_dtype")
  }

  /// The same operator with its scales along another axis.
  func along(_ axis: Int) -> DequantizeLinearOperator {
    var moved = self
    moved.axis = axis
    return moved
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let scale = try context.type(1, "x_scale").dtype
    return [try context.type(0, "x").with(outputType ?? scale)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let (x, scale) = (try context.input(0, "x"), try context.input(1, "x_scale"))
    let zeroPoint = context.optionalInput(2)
    try check(x, scale, zeroPoint)
    let layout = try QuantizationLayout(
      data: x.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
    let result = try context.allocate(.float32, x.shape)
    if (outputType ?? .float32) == .float32 {
      let done = try layout.withKernel(x.dtype, scale: scale, zeroPoint: zeroPoint) {
        $0.dequantize(x.pointer(as: UInt8.self), result.mutablePointer())
      }
      if done { return [result] }
    }
    x.convert(into: result)
    let scales = try scale.converted(to: .float32)
    let zeros = try zeroPoint.map { try $0.converted(to: .float32) }
    dequantize(result.mutablePointer(), scales.pointer(), zeros?.pointer(), layout)
    withExtendedLifetime((scales, zeros)) {}
    let dtype = outputType ?? scale.dtype
    return [dtype == .float32 ? result : try result.converted(to: dtype)]
  }

  private func dequantize(
    _ values: UnsafeMutablePointer<Float>, _ scales: UnsafePointer<Float>,
    _ zeros: UnsafePointer<Float>?, _ layout: QuantizationLayout
  ) {
    layout.forEachRun { element, scale, scaleMoves, count in
      let run = values + element
      if scaleMoves {
        for index in 0..<count {
          run[index] = (run[index] - (zeros?[scale + index] ?? 0)) * scales[scale + index]
        }
      } else {
        let (factor, zero) = (scales[scale], zeros?[scale] ?? 0)
        for index in 0..<count { run[index] = (run[index] - zero) * factor }
      }
    }
  }

  private func check(_ x: Tensor, _ scale: Tensor, _ zeroPoint: Tensor?) throws {
    let isStored = x.dtype.isInteger || SmallFloatFormat(x.dtype) != nil
    guard isStored, x.dtype.bitWidth <= 32 else {
      throw OperatorError.inputType(
        index: 0, expected: "integers of at most 32 bits or floats of at most 8", found: x.dtype)
    }
    guard scale.dtype.isFloatingPoint else {
      throw OperatorError.inputType(index: 1, expected: "floats", found: scale.dtype)
    }
    guard let zeroPoint else { return }
    guard zeroPoint.dtype == x.dtype else {
      throw OperatorError.inputType(index: 2, expected: x.dtype.name, found: zeroPoint.dtype)
    }
    guard zeroPoint.shape == scale.shape || zeroPoint.elementCount == scale.elementCount else {
      throw OperatorError.inputShape(index: 2, expected: "\(scale.shape)", found: zeroPoint.shape)
    }
  }
}

extension AttributeReader {
  /// An element type; nil where the node has none or says 0 (undefined).
  mutating func typeOrUndefined(_ name: String) throws -> DType? {
    guard has(name), let number = try optionalInt(name), number != 0 else { return nil }
    return try optionalDType(name)
  }
}
