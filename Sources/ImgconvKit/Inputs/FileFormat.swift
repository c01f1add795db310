import FileIO

/// The kinds of file (or folder) that hold a model, told apart by their first bytes.
public enum FileFormat: String, Sendable {
  case safetensors
  case shardIndex = "shard index"
  case onnx
  case imgc
  /// A folder of diffusers: a component or a pipeline.
  case folder

  /// The format of the file at `path`.
  ///
  /// - Throws: `JobError.unknownFormat` saying what the file looks like, or `FileIOError`.
  public init(path: String) throws {
    if ModelFolder.isFolder(path) {
      self = .folder
      return
    }
    let file = try InputFile(path: path)
    let prefix = try file.bytes(at: 0, count: Int(min(file.size, 512)))
    if let format = Self.match(prefix, path: path) {
      self = format
    } else {
      throw JobError.unknownFormat(path: path, found: Self.describe(prefix))
    }
  }

  private static func match(_ prefix: [UInt8], path: String) -> FileFormat? {
    if ForeignFile.isZstd(prefix) { return .imgc }
    if path.hasSuffix(".safetensors") { return .safetensors }
    if path.hasSuffix(".onnx") { return .onnx }
    if path.hasSuffix(".imgc") { return .imgc }
    if path.hasSuffix(".json") { return .shardIndex }
    if ForeignFile.isSafetensors(prefix) { return .safetensors }
    let text = prefix.drop { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    if text.first == UInt8(ascii: "{") { return .shardIndex }
    // ModelProto: ir_version, field 1, a varint; most writers put it first.
    if prefix.count >= 2, prefix[0] == 0x08, prefix[1] < 0x40 { return .onnx }
    return nil
  }

  private static func describe(_ prefix: [UInt8]) -> String {
    if prefix.isEmpty { return "an empty file" }
    return ForeignFile.name(of: prefix)
      ?? "bytes that begin with "
      + prefix.prefix(8).map { String($0, radix: 16) }.joined(separator: " ")
  }
}
