import FileIO

/// What is known of a stored tensor without reading its elements.
public struct TensorInfo: Hashable, Sendable {
  /// The name, unique among a source's tensors when compared as UTF-8 bytes.
  public let name: String
  /// The type of the elements.
  public let dtype: DType
  /// The extents.
  public let shape: Shape
  /// How many bytes the elements take in files, sub-byte ones packed.
  public let byteCount: Int

  /// Describes a tensor whose bytes follow from its type and shape.
  ///
  /// - Throws: `TensorError.elementCountOverflow`; `.unsupportedType` for strings, which give
  ///   their `byteCount` to the other initializer.
  public init(name: String, dtype: DType, shape: Shape) throws(TensorError) {
    guard dtype != .string else { throw .unsupportedType(dtype, operation: "a fixed-width layout") }
    guard let byteCount = dtype.packedByteCount(elementCount: shape.elementCount) else {
      throw .elementCountOverflow(shape.dimensions)
    }
    self.init(name: name, dtype: dtype, shape: shape, byteCount: byteCount)
  }

  /// Describes a tensor of `byteCount` bytes.
  public init(name: String, dtype: DType, shape: Shape, byteCount: Int) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.byteCount = byteCount
  }
}

/// Tensors that are described at once and read by range: a file, or memory.
///
/// All methods may be called from several threads at once.
public protocol TensorSource: Sendable {
  /// The tensors in the source's own order.
  var tensors: [TensorInfo] { get }

  /// Copies the bytes `[offset, offset + buffer.count)` of tensor number `index`, little-endian,
  /// sub-byte elements packed lowest bits first, into `buffer`. A string tensor's bytes are each
  /// element's UTF-8 length (`UInt32`) and text.
  ///
  /// - Throws: the source's own error, which names file, offset and tensor.
  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws

  /// Where the bytes of tensor number `index` stand verbatim, one after another, in a file; nil
  /// where they are decoded or made.
  func location(_ index: Int) -> TensorLocation?

  /// Checks that nothing changed under the reader since it was opened.
  func checkUnchanged() throws

  /// The SHA-256 of the bytes of tensor number `index`, in lower-case hexadecimal, where the source
  /// knows it without reading them; nil otherwise.
  func digest(of index: Int) -> String?
}

/// A place in a file.
public struct TensorLocation: Sendable {
  /// The file.
  public let file: InputFile
  /// Where the first byte stands.
  public let offset: UInt64

  /// The place at `offset` of `file`.
  public init(file: InputFile, offset: UInt64) {
    self.file = file
    self.offset = offset
  }
}

extension TensorSource {
  public func location(_ index: Int) -> TensorLocation? { nil }

  public func checkUnchanged() throws {}

  public func digest(of index: Int) -> String? { nil }

  /// The position of the tensor called `name`, compared as UTF-8 bytes; linear in the number of
  /// tensors.
  public func index(of name: String) -> Int? {
    tensors.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// Reads a whole tensor into memory, unpacking sub-byte elements.
  ///
  /// - Throws: the source's error, or `TensorError.outOfMemory`.
  public func tensor(_ index: Int) throws -> Tensor {
    let info = tensors[index]
    guard info.dtype != .string else { return try stringTensor(index) }
    if info.dtype.isSubByte {
      let packed = try TensorBuffer(byteCount: info.byteCount)
      try read(
        index, at: 0,
        into: UnsafeMutableRawBufferPointer(start: packed.base, count: info.byteCount))
      return try Tensor(
        unpacking: UnsafeRawBufferPointer(start: packed.base, count: info.byteCount),
        info.dtype, info.shape)
    }
    let tensor = try Tensor(uninitialized: info.dtype, info.shape)
    try read(
      index, at: 0,
      into: UnsafeMutableRawBufferPointer(start: tensor.buffer.base, count: info.byteCount))
    return tensor
  }

  private func stringTensor(_ index: Int) throws -> Tensor {
    let info = tensors[index]
    let bytes = try TensorBuffer(byteCount: info.byteCount)
    let content = UnsafeMutableRawBufferPointer(start: bytes.base, count: info.byteCount)
    try read(index, at: 0, into: content)
    return try Tensor(
      strings: StringElements.decode(UnsafeRawBufferPointer(content)), info.shape)
  }
}
