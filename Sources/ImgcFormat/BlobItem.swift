import FileIO
import Tensors

/// Plain bytes that are to become a blob.
struct BlobItem {
  /// How many there are.
  let size: Int
  /// How they are split into planes.
  let layout: PlaneLayout
  /// Where they stand verbatim in a file, if they do.
  let location: TensorLocation?
  /// The number of an earlier item that is likely to have similar bytes.
  var base: Int?
  /// Whether the bytes are at rest in a file and may be read again at any time.
  let isStored: Bool
  /// Copies the bytes from an offset on.
  let read: (Int, UnsafeMutableRawBufferPointer) throws -> Void

  /// Tensor number `index` of `source`.
  init(_ source: any TensorSource, _ index: Int) {
    let info = source.tensors[index]
    size = info.byteCount
    layout = info.byteCount == 0 ? .bytes : PlaneLayout(info.dtype)
    location = source.location(index)
    isStored = location != nil || source.digest(of: index) != nil
    read = { try source.read(index, at: $0, into: $1) }
  }

  /// `content` as bytes.
  init(_ content: [UInt8]) {
    size = content.count
    layout = .bytes
    location = nil
    isStored = false
    read = { offset, buffer in
      buffer.copyBytes(from: content[offset..<(offset + buffer.count)])
    }
  }
}
