/// A Swift type that stands for one `DType` with the same bits.
public protocol TensorElement: Sendable {
  /// The element type whose tensors hold this Swift type.
  static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension UInt16: TensorElement { public static var dtype: DType { .uint16 } }
extension UInt32: TensorElement { public static var dtype: DType { .uint32 } }
extension UInt64: TensorElement { public static var dtype: DType { .uint64 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }

extension Tensor {
  /// A tensor of `values` in row-major order; `shape` must have as many elements (the default is
  /// one axis).
  public init<Element: TensorElement>(
    _ values: [Element], _ shape: Shape? = nil
  ) throws(TensorError) {
    let shape = shape ?? [values.count]
    guard shape.elementCount == values.count else {
      throw .byteCountMismatch(
        expected: shape.elementCount * Element.dtype.byteWidth,
        found: values.count * Element.dtype.byteWidth)
    }
    try self.init(uninitialized: Element.dtype, shape)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress {
        mutablePointer(as: Element.self).update(from: base, count: source.count)
      }
    }
  }

  /// A scalar.
  public init<Element: TensorElement>(scalar value: Element) throws(TensorError) {
    try self.init([value], .scalar)
  }

  /// The elements as an array; `Element` must be the Swift type of `dtype`.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
    precondition(Element.dtype == dtype, "\(dtype) is not \(Element.dtype)")
    return withElements(of: type) { Array($0) }
  }
}
