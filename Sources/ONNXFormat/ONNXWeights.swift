import FileIO
import Tensors

/// The weights of an ONNX model: elements are read by range out of the model's file and its
/// external data, typed fields decoded, sparse tensors made dense on the way.
public struct ONNXWeights: TensorSource {
  /// The tensors in the order in which the model holds them.
  public let tensors: [TensorInfo]
  /// The model's file and then every file of external data, which an output must not replace.
  public let files: [InputFile]
  private let stored: [StoredTensor]

  init(_ stored: [StoredTensor], files: [InputFile]) {
    self.stored = stored
    self.files = files
    tensors = stored.map(\.info)
  }

  /// - Throws: `ONNXError`, also where an element is not one of its type.
  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    try stored[index].read(at: offset, into: buffer)
  }

  /// Raw data whose padding bits need no clearing stand in a file as they are.
  public func location(_ index: Int) -> TensorLocation? {
    guard case .raw(let file, let offset) = stored[index].payload,
      stored[index].info.paddingMask == nil
    else { return nil }
    return TensorLocation(file: file, offset: offset)
  }

  /// - Throws: `ONNXError.file`.
  public func checkUnchanged() throws {
    for file in files {
      do throws(FileIOError) {
        try file.checkUnchanged()
      } catch {
        throw ONNXError.file(error)
      }
    }
  }
}
