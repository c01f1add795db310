/// What can be wrong with a tensor's description or storage.
public enum TensorError: Error, Equatable, Sendable {
  /// An extent is below zero.
  case negativeDimension([Int])
  /// The extents' product does not fit a signed 64-bit number.
  case elementCountOverflow([Int])
  /// The system gave no memory for a buffer of this size, or the size is over the limit set.
  case outOfMemory(byteCount: Int)
  /// The bytes given are more or fewer than the shape and the type take.
  case byteCountMismatch(expected: Int, found: Int)
  /// The operation has no meaning for this element type.
  case unsupportedType(DType, operation: String)
}

extension TensorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .negativeDimension(let dimensions):
      "shape \(dimensions): expected no negative extent"
    case .elementCountOverflow(let dimensions):
      "shape \(dimensions): the number of elements overflows 64 bits"
    case .outOfMemory(let byteCount):
      "no memory for \(byteCount) bytes"
    case .byteCountMismatch(let expected, let found):
      "expected \(expected) bytes of data, found \(found)"
    case .unsupportedType(let dtype, let operation):
      "\(operation) does not take elements of type \(dtype.name)"
    }
  }
}
