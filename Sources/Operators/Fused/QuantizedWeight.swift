import ModelGraph
import Tensors

/// A constant weight of 8-bit (or 4-bit) integers with one scale for all or one for each lane, as the
/// integer kernels take it.
struct QuantizedWeight {
  /// The integers with their zero points.
  let operand: IntegerOperand
  /// The scales: one, or one a lane.
  let scales: [Float]

  /// The weight behind `constant`, whose lanes lie along `lanes`; of the places along `part.axis`
  /// only `part.range`, where that is given. Nil where it is of another form.
  init?(
    _ constant: ConstantOperand?, lanes: Int, part: (axis: Int, range: Range<Int>)? = nil
  ) throws {
    guard case .dequantized(let weight)? = constant, weight.blockSize == 0,
      weight.scale.dtype == .float32, weight.values.shape.rank > lanes,
      weight.scale.elementCount == 1
        || weight.axis == lanes && weight.scale.elementCount == weight.values.shape[lanes]
    else { return nil }
    let dtype: DType
    switch weight.values.dtype {
    case .int8, .int4: dtype = .int8
    case .uint8, .uint4: dtype = .uint8
    default: return nil
    }
    var values = try weight.values.converted(to: dtype)
    if let part { values = try Self.part(of: values, part.axis, part.range) }
    operand = try IntegerOperand(
      values, weight.zeroPoint?.converted(to: dtype), index: 3, zeroIndex: 3)
    scales = weight.scale.array(of: Float.self)
  }

  /// The places `range` along `axis`.
  private static func part(
    of tensor: Tensor, _ axis: Int, _ range: Range<Int>
  ) throws -> Tensor {
    guard tensor.shape.rank > axis, range.lowerBound >= 0, range.upperBound <= tensor.shape[axis]
    else {
      throw OperatorError.inputShape(
        index: 3, expected: "\(range.upperBound) places along axis \(axis)", found: tensor.shape)
    }
    guard range.count < tensor.shape[axis] else { return tensor }
    var extents = tensor.shape.dimensions
    extents[axis] = range.count
    let shape = Shape(extents)
    let part = Tensor(
      tensor.dtype, shape, buffer: try TensorBuffer(byteCount: max(1, shape.elementCount)))
    let split = AxisSplit(tensor.shape, axis: axis)
    let bytes = range.count * split.inner
    for outer in 0..<split.outer {
      (part.mutableRawPointer + outer * bytes).copyMemory(
        from: tensor.rawPointer + (outer * split.extent + range.lowerBound) * split.inner,
        byteCount: bytes)
    }
    withExtendedLifetime(tensor) {}
    return part
  }
}
