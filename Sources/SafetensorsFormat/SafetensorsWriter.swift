import FileIO
import Tensors

/// Writes safetensors files, one tensor at a time.
///
/// The same tensors give the same bytes: tensors stand by descending alignment, then by name, as
/// the reference implementation puts them; the header is padded with spaces to a multiple of 8.
public enum SafetensorsWriter {
  private static let blockSize = 4 << 20

  /// Writes all tensors of `source` to a new file at `path`.
  ///
  /// - Throws: `SafetensorsError.unwritable` for a name or type that the format cannot hold;
  ///   `.file`; the source's error.
  public static func write(
    _ source: any TensorSource, to path: String, metadata: [String: String] = [:],
    replacesExisting: Bool = false
  ) throws {
    let file: OutputFile
    do {
      file = try OutputFile(path: path, replacesExisting: replacesExisting)
    } catch {
      throw SafetensorsError.file(error)
    }
    try write(source, to: file, metadata: metadata)
    try source.checkUnchanged()
    try file.publish()
  }

  /// Writes all tensors of `source` to `file`, which the caller publishes.
  public static func write(
    _ source: any TensorSource, to file: OutputFile, metadata: [String: String] = [:]
  ) throws {
    let order = try order(of: source.tensors, file: file.path)
    try file.write(header(source.tensors, order, metadata))
    var block = [UInt8](repeating: 0, count: blockSize)
    for index in order {
      let byteCount = source.tensors[index].byteCount
      for offset in stride(from: 0, to: byteCount, by: blockSize) {
        try block.withUnsafeMutableBytes { buffer in
          let part = UnsafeMutableRawBufferPointer(
            rebasing: buffer[..<min(blockSize, byteCount - offset)])
          try source.read(index, at: offset, into: part)
          try file.write(UnsafeRawBufferPointer(part))
        }
      }
    }
  }

  private static func order(of tensors: [TensorInfo], file: String) throws -> [Int] {
    var names: Set<ByteString> = []
    for tensor in tensors {
      let reason: String? =
        if tensor.name == "__metadata__" {
          "name: expected a tensor's name, found the one reserved for metadata"
        } else if tensor.name.isEmpty || tensor.name.utf8.contains(0) {
          "name: expected at least one character and no NUL"
        } else if !names.insert(ByteString(tensor.name)).inserted {
          "name: expected each once, found it twice"
        } else if tensor.dtype.safetensorsCode == nil {
          "dtype: \(tensor.dtype.name) has no place in safetensors"
        } else if tensor.dtype.isSubByte,
          tensor.shape.elementCount % (8 / tensor.dtype.bitWidth.greatestPowerOfTwo) != 0
        {
          "shape: expected whole bytes of \(tensor.dtype.name), found \(tensor.shape)"
        } else {
          nil
        }
      if let reason {
        throw SafetensorsError.unwritable(file: file, tensor: tensor.name, reason: reason)
      }
    }
    let rank = Dictionary(
      uniqueKeysWithValues: DType.safetensorsCodes.enumerated().map { ($1.dtype, $0) })
    return tensors.indices.sorted { left, right in
      let (a, b) = (rank[tensors[left].dtype] ?? 0, rank[tensors[right].dtype] ?? 0)
      if a != b { return a > b }
      return ByteString(tensors[left].name) < ByteString(tensors[right].name)
    }
  }

  private static func header(
    _ tensors: [TensorInfo], _ order: [Int], _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { ByteString($0.key) < ByteString($1.key) }
        .map { JSONMember($0.key, .string($0.value)) }
      members.append(JSONMember("__metadata__", .object(texts)))
    }
    var position = 0
    for index in order {
      let tensor = tensors[index]
      let end = position + tensor.byteCount
      members.append(
        JSONMember(
          tensor.name,
          .object([
            JSONMember("dtype", .string(tensor.dtype.safetensorsCode ?? "")),
            JSONMember("shape", .array(tensor.shape.dimensions.map { .integer($0) })),
            JSONMember("data_offsets", [.integer(position), .integer(end)]),
          ])))
      position = end
    }
    var text = JSONWriter.bytes(.object(members))
    while text.count % 8 != 0 { text.append(0x20) }
    var builder = ByteBuilder()
    builder.append(UInt64(text.count))
    builder.append(contentsOf: text)
    return builder.bytes
  }
}

extension Int {
  /// The largest power of two that divides a number of bits: 6 bits fill bytes by fours, 4 by twos.
  fileprivate var greatestPowerOfTwo: Int { self & -self }
}
