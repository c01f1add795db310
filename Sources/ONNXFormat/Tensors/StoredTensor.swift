import FileIO
import Tensors

/// Where a tensor's elements are.
enum TensorPayload: Sendable {
  /// There are none.
  case empty
  /// Fixed-width elements in a file, one after another.
  case raw(InputFile, offset: UInt64)
  /// Numbers of a typed field.
  case numbers(NumberList)
  /// Strings, as their byte form.
  case strings([UInt8])
  /// Few elements among zeros.
  case sparse(SparseElements)
}

/// A tensor of a model, described without its elements, which are read by range.
struct StoredTensor: Sendable {
  /// The description, with the name under which the component's weights hold it.
  var info: TensorInfo
  /// Where the elements are.
  let payload: TensorPayload
  /// Where the tensor stands in the model.
  let place: ONNXPlace
}

extension StoredTensor {
  /// Copies the bytes `[offset, offset + buffer.count)` of the elements' file form into `buffer`.
  ///
  /// - Throws: `ONNXError` where a read fails or an element is not one of its type.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ONNXError) {
    guard offset >= 0, offset <= info.byteCount, buffer.count <= info.byteCount - offset else {
      throw .dataByteCount(place, expected: info.byteCount, found: UInt64(max(0, offset)))
    }
    guard !buffer.isEmpty else { return }
    switch payload {
    case .empty: break
    case .raw(let file, let start):
      do throws(FileIOError) {
        try file.read(into: buffer, at: start + UInt64(offset))
      } catch {
        throw .file(error)
      }
    case .numbers(let list): try list.read(at: offset, into: buffer, place: place)
    case .strings(let bytes): buffer.copyBytes(from: bytes[offset..<(offset + buffer.count)])
    case .sparse(let elements): try elements.read(at: offset, into: buffer)
    }
    try checkBooleans(buffer, at: offset)
    clearPadding(buffer, at: offset)
  }

  /// The whole tensor in memory, at most `limit` bytes of it.
  func tensor(limit: Int) throws(ONNXError) -> Tensor {
    guard info.byteCount <= limit else {
      throw .tensorTooLarge(place, limit: limit, found: info.byteCount)
    }
    var bytes = [UInt8](repeating: 0, count: info.byteCount)
    var span = bytes.mutableSpan
    try span.withUnsafeMutableBytes { buffer throws(ONNXError) in
      try read(at: 0, into: buffer)
    }
    do throws(TensorError) {
      return try bytes.span.withUnsafeBytes { raw throws(TensorError) in
        info.dtype == .string
          ? try Tensor(strings: StringElements.decode(raw), info.shape)
          : try Tensor(unpacking: raw, info.dtype, info.shape)
      }
    } catch {
      throw .source(place, message: error.description)
    }
  }

  private func checkBooleans(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(ONNXError) {
    guard info.dtype == .bool else { return }
    guard let index = buffer.firstIndex(where: { $0 > 1 }) else { return }
    throw .elementOutOfRange(
      place, index: offset + index, expected: "0 or 1", found: Int64(buffer[index]))
  }

  /// Sets the bits after the last element to zero.
  private func clearPadding(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    guard let mask = info.paddingMask, offset + buffer.count == info.byteCount else { return }
    buffer[buffer.count - 1] &= ~mask
  }
}

extension TensorInfo {
  /// The bits of the last byte that belong to no element; nil where there are none.
  var paddingMask: UInt8? {
    guard dtype.isSubByte else { return nil }
    let used = shape.elementCount * dtype.bitWidth % 8
    return used == 0 ? nil : UInt8(truncatingIfNeeded: 0xFF << used)
  }
}
