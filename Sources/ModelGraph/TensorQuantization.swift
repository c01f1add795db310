import Tensors

/// Over which elements of a tensor one scale holds.
public enum Granularity: Hashable, Sendable {
  /// One scale for the whole tensor.
  case tensor
  /// One scale for each index along `axis`.
  case channel(axis: Int)
  /// One scale for each run of `size` elements along `axis`; the last run may be shorter.
  case group(axis: Int, size: Int)
}

/// How a stored tensor stands for real numbers (ONNX DequantizeLinear):
/// real = scale · (q − zeroPoint).
public struct TensorQuantization: Hashable, Sendable {
  /// The type that the tensor had before.
  public var originalType: DType
  /// Over which elements one scale holds.
  public var granularity: Granularity
  /// The name of the weight that holds the scales: a scalar, `[channels]`, or the tensor's shape
  /// with the grouped axis divided (rounded up) by the group's size.
  public var scale: String
  /// The name of the weight that holds the zero points, of the tensor's type and the scales' shape;
  /// nil for a symmetric scheme.
  public var zeroPoint: String?
  /// Whether the integers keep to −127 … 127 (−7 … 7), so that −128 never occurs.
  public var isSymmetric: Bool

  /// Describes a quantized tensor.
  public init(
    originalType: DType, granularity: Granularity, scale: String, zeroPoint: String? = nil,
    isSymmetric: Bool = true
  ) {
    self.originalType = originalType
    self.granularity = granularity
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.isSymmetric = isSymmetric
  }
}
