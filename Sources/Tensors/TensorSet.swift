/// Tensors in memory, in a fixed order.
public struct TensorSet: TensorSource {
  /// The tensors' descriptions, in the order given.
  public let tensors: [TensorInfo]
  private let packed: [[UInt8]]

  /// Holds the file form of `named` tensors; names must differ.
  public init(_ named: [(name: String, tensor: Tensor)]) {
    var infos: [TensorInfo] = []
    var packed: [[UInt8]] = []
    for (name, tensor) in named {
      let bytes = tensor.packedBytes()
      infos.append(
        TensorInfo(
          name: name, dtype: tensor.dtype, shape: tensor.shape, byteCount: bytes.count))
      packed.append(bytes)
    }
    tensors = infos
    self.packed = packed
  }

  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let bytes = packed[index]
    guard offset >= 0, offset <= bytes.count, buffer.count <= bytes.count - offset else {
      throw TensorError.byteCountMismatch(expected: offset + buffer.count, found: bytes.count)
    }
    buffer.copyBytes(from: bytes[offset..<(offset + buffer.count)])
  }
}
