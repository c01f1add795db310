import Tensors

/// A source some of whose tensors are replaced by others of the same type and shape.
struct ReplacedTensors: TensorSource {
  let original: any TensorSource
  let replaced: [String: Tensor]

  var tensors: [TensorInfo] { original.tensors }

  func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard let tensor = replaced[tensors[index].name] else {
      return try original.read(index, at: offset, into: buffer)
    }
    buffer.copyBytes(from: tensor.packedBytes()[offset..<(offset + buffer.count)])
  }
}
