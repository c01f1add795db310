import COnnxSchema
import FileIO
import ModelGraph
import Tensors

/// Reads ONNX models and lone tensors.
///
/// The subset read is described in `formats/onnx.md`. Weights stay in their files and are read by
/// range; what is held in memory is the graph.
public enum ONNXReader {
  /// The newest IR version read.
  public static let newestIRVersion = 14
  /// The oldest IR version read: the first with operator sets.
  static let oldestIRVersion = 3
  /// Protobuf's limit on a file's size.
  static let fileLimit: UInt64 = 1 << 31

  /// Reads the model at `path`: one component named `model` with one graph, in the operator sets
  /// that the model declares (`Graph.opsetImports`), functions inlined.
  ///
  /// What the reader normalised or skipped stands in the notes of one provenance step with the
  /// action `read`. The component's weights are `ONNXWeights`.
  ///
  /// - Throws: `ONNXError`.
  public static func read(
    path: String, options: ONNXOptions = ONNXOptions()
  ) throws(ONNXError) -> Model {
    let file = try open(path)
    let skeleton = try WireScanner.scan(file, schema: .model)
    let unpacked = try UnpackedModel(skeleton)
    let external = ExternalData(model: file, options: options)
    let tensors = TensorDecoder(file: file, records: skeleton.records, external: external)
    return try withExtendedLifetime(unpacked) { () throws(ONNXError) -> Model in
      try ModelDecoder(tensors: tensors, external: external, unknown: skeleton.unknownFields)
        .decode(unpacked.model.pointee)
    }
  }

  /// Reads a file that holds one `TensorProto`, such as ONNX's test data.
  ///
  /// - Parameters:
  ///   - pbPath: the file.
  ///   - byteLimit: how many bytes the elements may take, since they are all read.
  /// - Returns: the tensor and its name, which may be empty.
  /// - Throws: `ONNXError`.
  public static func tensor(
    pbPath: String, byteLimit: Int = 1 << 31
  ) throws(ONNXError) -> (name: String, tensor: Tensor) {
    let file = try open(pbPath)
    let skeleton = try WireScanner.scan(file, schema: .tensor)
    let unpacked = try UnpackedTensor(skeleton)
    return try withExtendedLifetime(unpacked) {
      () throws(ONNXError) -> (name: String, tensor: Tensor) in
      let name = text(unpacked.tensor.pointee.name)
      let decoder = TensorDecoder(file: file, records: skeleton.records, external: nil)
      let stored = try decoder.decode(unpacked.tensor, name: name)
      return (name, try stored.tensor(limit: byteLimit))
    }
  }

  private static func open(_ path: String) throws(ONNXError) -> InputFile {
    let (file, opening) = try ONNXError.wrapping { () throws(FileIOError) in
      let file = try InputFile(path: path)
      return (file, try file.bytes(at: 0, count: Int(min(file.size, 64))))
    }
    let place = ONNXPlace(file: path)
    guard file.size > 0 else { throw .emptyFile(place) }
    guard file.size < fileLimit else { throw .fileTooLarge(place, byteCount: file.size) }
    if let found = ForeignFile.name(of: opening) { throw .foreignFile(place, found: found) }
    if ForeignFile.isSafetensors(opening) {
      throw .foreignFile(place, found: "a safetensors file")
    }
    if ForeignFile.isZstd(opening) { throw .foreignFile(place, found: "a zstd stream (.imgc?)") }
    return file
  }
}
