import Kernels
import Tensors

extension QuantizationLayout {
  /// Calls `body` with the kernels' form of this layout, for integers of type `dtype`, fp32 scales and zero points of
  /// any integer type; returns false, without a call, where the kernels lack the type.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  func withKernel(
    _ dtype: DType, scale: Tensor, zeroPoint: Tensor?, _ body: (LinearQuantization) -> Void
  ) throws -> Bool {
    guard let element = LinearQuantization.Element(dtype), scale.dtype == .float32 else {
      return false
    }
    let granularity: LinearQuantization.Granularity =
      isBlocked ? .block(blockSize) : scalesPerAxis == 1 && blockSize > 1 ? .tensor : .axis
    let zeros = try zeroPoint?.converted(to: .int32)
    body(
      LinearQuantization(
        element, outer: split.outer, axis: split.extent, inner: split.inner,
        granularity: granularity, scales: scale.pointer(),
        zeroPoints: zeros.map { UnsafePointer($0.pointer(as: Int32.self)) }))
    withExtendedLifetime((scale, zeros)) {}
    return true
  }
}

extension LinearQuantization.Element {
  /// The kernels' name of an element type; nil for types they lack.
  init?(_ dtype: DType) {
    switch dtype {
    case .uint8: self = .uint8
    case .int8: self = .int8
    case .uint16: self = .uint16
    case .int16: self = .int16
    case .uint4: self = .uint4
    case .int4: self = .int4
    case .uint2: self = .uint2
    case .int2: self = .int2
    case .int32: self = .int32
    default: return nil
    }
  }
}
