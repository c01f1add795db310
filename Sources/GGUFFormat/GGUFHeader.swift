import FileIO
import Tensors

/// A tensor's place in a GGUF file.
struct GGUFEntry {
  let info: TensorInfo
  let type: GGUFType

  /// The bytes of the data, without padding.
  var byteCount: Int { info.shape.elementCount / type.blockSize * type.blockByteCount }
}

/// Everything before the data of a GGUF file, version 3 (`formats/gguf.md`).
struct GGUFHeader {
  /// What the data of every tensor begin at a multiple of.
  static let alignment = 32
  /// The most axes.
  static let maximumRank = 4
  /// The most bytes of a tensor's name.
  static let maximumNameByteCount = 127

  let entries: [GGUFEntry]
  /// Texts by key.
  let metadata: [(key: String, value: String)]

  /// The header's bytes, padded to the alignment.
  func bytes() -> [UInt8] {
    var builder = ByteBuilder()
    builder.append(contentsOf: "GGUF".utf8)
    builder.append(UInt32(3))
    builder.append(UInt64(entries.count))
    builder.append(UInt64(metadata.count + 1))
    builder.append(text: "general.alignment")
    builder.append(UInt32(4))
    builder.append(UInt32(Self.alignment))
    for (key, value) in metadata {
      builder.append(text: key)
      builder.append(UInt32(8))
      builder.append(text: value)
    }
    var offset = 0
    for entry in entries {
      builder.append(text: entry.info.name)
      // Axes are listed innermost first; a scalar is one element.
      let extents = entry.info.shape.rank == 0 ? [1] : entry.info.shape.dimensions.reversed()
      builder.append(UInt32(extents.count))
      for extent in extents { builder.append(UInt64(extent)) }
      builder.append(entry.type.rawValue)
      builder.append(UInt64(offset))
      offset += Self.padded(entry.byteCount)
    }
    builder.append(
      contentsOf: [UInt8](
        repeating: 0, count: Self.padded(builder.bytes.count) - builder.bytes.count))
    return builder.bytes
  }

  /// `count` rounded up to the alignment.
  static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

extension ByteBuilder {
  /// A GGUF string: the number of bytes (`u64`) and UTF-8.
  fileprivate mutating func append(text: String) {
    append(UInt64(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}
