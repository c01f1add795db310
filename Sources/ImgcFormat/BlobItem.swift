import FileIO
import Tensors

/// Plain bytes that are to become a blob.
struct BlobItem {
  /// To what the bytes are likely to be similar.
  enum Base {
    /// An earlier item, by its number.
    case item(Int)
    /// A blob of the teacher's file.
    case teacher(TeacherBlob)
  }

  /// How many there are.
  let size: Int
  /// How they are split into planes.
  let layout: PlaneLayout
  /// Where they stand verbatim in a file, if they do.
  let location: TensorLocation?
  /// What is likely to have similar bytes.
  var base: Base?
  /// Whether the bytes are at rest in a file and may be read again at any time, by any thread.
  let isStored: Bool
  /// The SHA-256 that the bytes must have, where the source states it, and the tensor's name.
  let expected: (sha256: String, name: String)?
  /// Copies the bytes from an offset on.
  let read: (Int, UnsafeMutableRawBufferPointer) throws -> Void

  /// Tensor number `index` of `source`.
  init(_ source: any TensorSource, _ index: Int) {
    let info = source.tensors[index]
    size = info.byteCount
    layout = info.byteCount == 0 ? .bytes : PlaneLayout(info.dtype)
    location = source.location(index)
    expected = source.digest(of: index).map { ($0, info.name) }
    isStored = location != nil || expected != nil
    read = { try source.read(index, at: $0, into: $1) }
  }

  /// `content` as bytes.
  init(_ content: [UInt8]) {
    size = content.count
    layout = .bytes
    location = nil
    isStored = false
    expected = nil
    read = { offset, buffer in
      buffer.copyBytes(from: content[offset..<(offset + buffer.count)])
    }
  }
}
