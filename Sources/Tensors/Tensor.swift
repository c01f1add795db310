/// A dense array of elements in row-major order.
///
/// A tensor is a value with shared storage: copies refer to the same buffer, and nothing writes to
/// a buffer once the tensor has been handed on. In memory sub-byte elements take a byte each
/// (`DType.byteWidth`); signed ones are sign-extended. A boolean is one byte, 0 or 1. Strings are
/// kept apart, in `strings`.
public struct Tensor: Sendable {
  /// The type of the elements.
  public let dtype: DType
  /// The extents.
  public let shape: Shape
  /// The storage, possibly shared.
  public private(set) var buffer: TensorBuffer
  /// Where in the buffer the first element lies, in bytes.
  public let byteOffset: Int
  /// The elements of a string tensor; empty for all other types.
  public let strings: [String]

  /// A new tensor whose elements are not defined yet.
  ///
  /// - Throws: `TensorError.outOfMemory`, `.elementCountOverflow`.
  public init(uninitialized dtype: DType, _ shape: Shape) throws(TensorError) {
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.byteWidth)
    guard !overflow else { throw .elementCountOverflow(shape.dimensions) }
    self.init(dtype, shape, buffer: try TensorBuffer(byteCount: byteCount), byteOffset: 0)
  }

  /// A new tensor of zeros (false for booleans).
  public init(zeros dtype: DType, _ shape: Shape) throws(TensorError) {
    try self.init(uninitialized: dtype, shape)
    buffer.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  /// A view of existing storage, which must hold the elements from `byteOffset` on.
  public init(_ dtype: DType, _ shape: Shape, buffer: TensorBuffer, byteOffset: Int = 0) {
    precondition(dtype == .string || byteOffset >= 0)
    precondition(byteOffset + shape.elementCount * dtype.byteWidth <= buffer.byteCount)
    self.dtype = dtype
    self.shape = shape
    self.buffer = buffer
    self.byteOffset = byteOffset
    strings = []
  }

  /// A tensor of strings; `shape` must have as many elements.
  public init(strings: [String], _ shape: Shape) throws(TensorError) {
    guard strings.count == shape.elementCount else {
      throw .byteCountMismatch(expected: shape.elementCount, found: strings.count)
    }
    dtype = .string
    self.shape = shape
    buffer = try TensorBuffer(byteCount: 0)
    byteOffset = 0
    self.strings = strings
  }
}

extension Tensor {
  /// How many elements there are.
  public var elementCount: Int { shape.elementCount }

  /// How many bytes the elements take in memory.
  public var byteCount: Int { shape.elementCount * dtype.byteWidth }

  /// The same elements under another shape, which must have as many.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.elementCount == elementCount)
    if dtype == .string { return (try? Tensor(strings: strings, shape)) ?? self }
    return Tensor(dtype, shape, buffer: buffer, byteOffset: byteOffset)
  }

  /// The same bytes read as elements of another type of the same `byteWidth`.
  public func bitCast(to dtype: DType) -> Tensor {
    precondition(dtype.byteWidth == self.dtype.byteWidth)
    return Tensor(dtype, shape, buffer: buffer, byteOffset: byteOffset)
  }

  /// Whether no other tensor shares the storage, so that it may be written over.
  public mutating func isSoleOwner() -> Bool { isKnownUniquelyReferenced(&buffer) }

  /// The first element's address.
  ///
  /// The memory lives as long as a tensor that shares the buffer is held; an operator's inputs are
  /// held by the executor while the operator runs.
  public func pointer<Element>(as type: Element.Type = Element.self) -> UnsafePointer<Element> {
    UnsafePointer((buffer.base + byteOffset).assumingMemoryBound(to: type))
  }

  /// The first element's address, for the one who made the tensor to fill it.
  public func mutablePointer<Element>(
    as type: Element.Type = Element.self
  ) -> UnsafeMutablePointer<Element> {
    (buffer.base + byteOffset).assumingMemoryBound(to: type)
  }

  /// Calls `body` with the elements, whose Swift type must be as wide as `dtype`.
  public func withElements<Element, Result, Failure: Error>(
    of type: Element.Type = Element.self,
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(MemoryLayout<Element>.stride == dtype.byteWidth)
    defer { withExtendedLifetime(buffer) {} }
    return try body(UnsafeBufferPointer(start: pointer(as: type), count: elementCount))
  }

  /// Calls `body` with the bytes in memory.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    return try body(
      UnsafeRawBufferPointer(start: buffer.base + byteOffset, count: byteCount))
  }
}
