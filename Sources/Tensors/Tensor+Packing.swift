extension Tensor {
  /// A tensor out of its file form: `bytes` little-endian, sub-byte elements packed lowest bits
  /// first (ONNX `TensorProto.raw_data`), signed ones sign-extended in memory.
  ///
  /// - Throws: `TensorError.byteCountMismatch` where `bytes` are more or fewer than the shape takes;
  ///   `.unsupportedType` for strings.
  public init(
    unpacking bytes: UnsafeRawBufferPointer, _ dtype: DType, _ shape: Shape
  ) throws(TensorError) {
    guard dtype != .string else { throw .unsupportedType(dtype, operation: "unpacking") }
    guard let expected = dtype.packedByteCount(elementCount: shape.elementCount) else {
      throw .elementCountOverflow(shape.dimensions)
    }
    guard bytes.count == expected else {
      throw .byteCountMismatch(expected: expected, found: bytes.count)
    }
    try self.init(uninitialized: dtype, shape)
    guard dtype.isSubByte else {
      UnsafeMutableRawBufferPointer(start: buffer.base, count: bytes.count).copyMemory(from: bytes)
      return
    }
    let target = mutablePointer(as: UInt8.self)
    for index in 0..<shape.elementCount {
      target[index] = dtype.extractBits(from: bytes, index: index)
    }
  }

  /// The file form of the elements: little-endian, sub-byte elements packed lowest bits first and
  /// the last byte padded with zero bits; strings as `StringElements`.
  public func packedBytes() -> [UInt8] {
    guard dtype != .string else { return StringElements.encode(strings) }
    guard dtype.isSubByte else { return withBytes { Array($0) } }
    let bitWidth = dtype.bitWidth
    var packed = [UInt8](repeating: 0, count: (elementCount * bitWidth + 7) / 8)
    let mask = UInt16(1 << bitWidth) - 1
    let source = pointer(as: UInt8.self)
    for index in 0..<elementCount {
      let bit = index * bitWidth
      let field = (UInt16(source[index]) & mask) << UInt16(bit % 8)
      packed[bit / 8] |= UInt8(truncatingIfNeeded: field)
      if bit % 8 + bitWidth > 8 { packed[bit / 8 + 1] |= UInt8(truncatingIfNeeded: field >> 8) }
    }
    withExtendedLifetime(buffer) {}
    return packed
  }
}

extension DType {
  /// Element number `index` of packed sub-byte elements, sign-extended where the type is signed.
  fileprivate func extractBits(from bytes: UnsafeRawBufferPointer, index: Int) -> UInt8 {
    let bit = index * bitWidth
    var window = UInt16(bytes[bit / 8])
    if bit % 8 + bitWidth > 8 { window |= UInt16(bytes[bit / 8 + 1]) << 8 }
    let field = UInt8(truncatingIfNeeded: window >> UInt16(bit % 8)) & (1 << UInt8(bitWidth) - 1)
    guard isSignedInteger, field & (1 << UInt8(bitWidth - 1)) != 0 else { return field }
    return field | ~(1 << UInt8(bitWidth) - 1)
  }
}
